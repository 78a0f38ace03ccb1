import type { MappingOptions } from '../../../libs/freight/src/mapping/compile.js';
import type { MappingInput } from '../../../libs/freight/src/mapping/mapping.js';

/** A real file with the mapping that takes it. */
export interface RealImport {
  /** Below the shared data. */
  readonly file: string;
  /** Records after the header. */
  readonly rows: number;
  readonly mapping: MappingInput;
  /** What the job says beside the mapping. */
  readonly options: MappingOptions;
  /** What a store has of it that had nothing before. */
  readonly makes: { readonly releases: number; readonly stock: number };
  /** Records that others of the file take over. */
  readonly skipped: number;
}
