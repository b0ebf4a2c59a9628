// The anywidget front-end module contract (AFM), as far as the widgets use it.

/** A widget's model. `Traits` names its traits and their types, as the Python class declares them. */
export interface Model<Traits extends object = any> {
  get<Name extends keyof Traits & string>(name: Name): Traits[Name];
  set<Name extends keyof Traits & string>(name: Name, value: Traits[Name]): void;
  save_changes(): void;
  send(content: any, callbacks?: any, buffers?: any): void;
  on(event: string, callback: (...args: any[]) => void): void;
  off(event?: string | null, callback?: ((...args: any[]) => void) | null): void;
}
export interface RenderProps<Traits extends object = any> {
  model: Model<Traits>;
  el: HTMLElement;
  signal?: AbortSignal; // anywidget before 0.10 passes none
}
/** `set(name, value)` of a `syncer`. */
export interface Sync<Traits extends object = any> {
  set<Name extends keyof Traits & string>(name: Name, value: Traits[Name]): void;
}
/** What every widget of this package has. */
export interface CommonTraits {
  link: string; // widgets of one page with the same link move together
}
