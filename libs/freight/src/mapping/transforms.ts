import type { Transform } from './mapping.js';

/** A text after its transforms; undefined where a table does not know it. */
export type TransformText = (text: string) => string | undefined;

/** One function for all transforms of a value, in order; undefined for none. */
export function compileTransforms(transforms: readonly Transform[] = []): TransformText | undefined {
  const steps = transforms.map(compileStep);
  if (steps.length <= 1) return steps[0];
  return (text) => {
    let value: string | undefined = text;
    for (const step of steps) {
      value = step(value);
      if (value === undefined) return undefined;
    }
    return value;
  };
}

/** ` (2)` behind a name: before the end, a blank or what joins names. */
const DISCOGS_NUMBER = / \(\d{1,4}\)(?=$|[\s,/&])/g;

function compileStep(step: Transform): TransformText {
  switch (step.op) {
    case 'trim':
      return (text) => text.trim();
    case 'collapse':
      return (text) => text.trim().replace(/\s+/g, ' ');
    case 'lower':
      return (text) => text.toLowerCase();
    case 'upper':
      return (text) => text.toUpperCase();
    case 'split':
      return (text) => text.split(step.on).at(step.take > 0 ? step.take - 1 : step.take) ?? '';
    case 'replace':
      return (text) => text.replaceAll(step.find, () => step.with);
    case 'remove_prefix':
      return (text) => (text.startsWith(step.text) ? text.slice(step.text.length) : text);
    case 'remove_suffix':
      return (text) => (text.endsWith(step.text) ? text.slice(0, -step.text.length) : text);
    case 'blank_if': {
      const blanks = new Set(step.values);
      return (text) => (blanks.has(text) ? '' : text);
    }
    case 'lookup': {
      const table = new Map(Object.entries(step.table));
      const { otherwise } = step;
      return (text) =>
        table.get(text) ?? (otherwise === 'keep' || text === '' ? text : otherwise === 'blank' ? '' : undefined);
    }
    case 'discogs_artist':
      return (text) =>
        text.endsWith(')') || text.includes(') ') || text.includes('),') ? text.replace(DISCOGS_NUMBER, '') : text;
  }
}
