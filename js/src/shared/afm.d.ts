// The anywidget front-end module contract (AFM), as far as the widgets use it.
export interface Model {
  get(name: string): any;
  set(name: string, value: any): void;
  save_changes(): void;
  send(content: any, callbacks?: any, buffers?: any): void;
  on(event: string, callback: (...args: any[]) => void): void;
  off(event?: string | null, callback?: ((...args: any[]) => void) | null): void;
}
export interface RenderProps {
  model: Model;
  el: HTMLElement;
  signal?: AbortSignal; // anywidget before 0.10 passes none
}
