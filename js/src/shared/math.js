// So that formulas read as they are written.
export const { floor, max, min, sqrt } = Math;
