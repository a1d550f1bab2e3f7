import type * as glassEasel from 'glass-easel';

/** A page or component instance as its own code sees it (`this`). */
export interface Caller {
  readonly is: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
  setData(data: Record<string, unknown>, callback?: () => void): void;
  selectComponent(selector: string): unknown;
  readonly _$: glassEasel.GeneralComponent;
  [key: string]: unknown;
}
