import type { MappingFault, MappingFaultCode, Unmapped } from './record.js';

const SHOWN_CHARACTERS = 200;
const NO_FAULTS: readonly MappingFault[] = [];
const NONE_UNMAPPED: readonly Unmapped[] = [];

/** What reading one record has found; costs nothing as long as there is nothing. */
export class Findings {
  faults: readonly MappingFault[] = NO_FAULTS;
  unmapped: readonly Unmapped[] = NONE_UNMAPPED;

  fail(code: MappingFaultCode, field: string, message: string, value?: string): undefined {
    this.faults = [...this.faults, { code, field, message, ...(value !== undefined && { value: shown(value) }) }];
    return undefined;
  }

  leaveOut(field: string, value: string): undefined {
    this.unmapped = [...this.unmapped, { field, value: shown(value) }];
    return undefined;
  }
}

function shown(value: string): string {
  return value.slice(0, SHOWN_CHARACTERS);
}

/** Texts that could not be mapped, with how often they came. A bound keeps a bad mapping from filling the memory. */
export class UnmappedBucket {
  private readonly counts = new Map<string, Unmapped & { count: number }>();

  /** @param mostTexts different texts that are kept; others only count */
  constructor(private readonly mostTexts = 1_000) {}

  /** Of texts beyond the bound. */
  others = 0;

  add(found: readonly Unmapped[]): void {
    for (const { field, value } of found) {
      const name = `${field}\n${value}`;
      const known = this.counts.get(name);
      if (known) known.count++;
      else if (this.counts.size < this.mostTexts) this.counts.set(name, { field, value, count: 1 });
      else this.others++;
    }
  }

  /** The most frequent first. */
  list(): readonly (Unmapped & { readonly count: number })[] {
    return [...this.counts.values()].sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  }
}
