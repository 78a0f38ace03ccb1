import type { z } from 'zod';

/** One app's settings, for the page about them. */
export interface DocumentedApp {
  readonly app: string;
  readonly schema: z.ZodObject;
}

/** docs/configuration.md, from the schemas: what a variable is for, its default, and who reads it. */
export function configurationPage(apps: readonly DocumentedApp[]): string {
  const names = [...new Set(apps.flatMap(({ schema }) => Object.keys(schema.shape)))].sort();
  const rows = names.map((name) => {
    const readers = apps.filter(({ schema }) => name in schema.shape);
    const field = readers[0]?.schema.shape[name] as z.ZodType;
    const fallback = fallbackOf(field);
    const need =
      fallback !== undefined ? `\`${fallback}\`` : field.safeParse(undefined).success ? 'not set' : '**required**';
    return `| \`${name}\` | ${readers.map(({ app }) => app).join(', ')} | ${need} | ${field.description ?? ''} |`;
  });
  return [
    '# Settings',
    '',
    'Read once when an app starts, from environment variables. A missing, malformed or weak value stops the start and is named.',
    'This page is generated from the schemas (`npm run docs`).',
    '',
    '| variable | read by | default | what for |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function fallbackOf(field: z.ZodType): string | undefined {
  const { defaultValue } = field.def as { defaultValue?: unknown };
  return defaultValue === undefined ? undefined : String(defaultValue);
}
