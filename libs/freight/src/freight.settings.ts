/** What Freight is told by the worker. */
export interface FreightSettings {
  /** Most records of one file. */
  readonly fileRows: number;
}

/** Injection token of the settings. */
export const FREIGHT_SETTINGS = Symbol('freight settings');

/** From the variables that the worker reads. */
export function freightSettings({ IMPORT_MAX_ROWS }: { readonly IMPORT_MAX_ROWS: number }): FreightSettings {
  return { fileRows: IMPORT_MAX_ROWS };
}
