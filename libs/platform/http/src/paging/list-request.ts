import { type PipeTransform, Query } from '@nestjs/common';
import { ApiQuery } from '#api-document';
import { OneOf, WholeNumber } from '../validation/decorators.js';
import { readQuery } from '../validation/dto-reader.js';
import { rulesOf } from '../validation/dto-shape.js';
import { type DtoClass, field, type FieldOptions, type ValueRule } from '../validation/field-rule.js';

/** Values that one filter may name, and keys that one sort may have. */
const MOST_FILTER_VALUES = 50;
const MOST_SORT_KEYS = 3;

const RANGES = ['gt', 'gte', 'lt', 'lte'] as const;
type Range = (typeof RANGES)[number];
const WORDS: Record<Range, string> = { gt: 'above', gte: 'at or above', lt: 'below', lte: 'at or below' };

/** Any text: the codec decides what a cursor is, so that every odd one gets the same answer. */
const cursorRule: ValueRule = { name: 'cursor', refuse: () => undefined, schema: { type: 'string' } };

/** The parameters that every list takes. A list with more of them names a subclass in its spec. */
export class PageQuery {
  @WholeNumber({ min: 1, max: 100, optional: true, description: 'Rows of a page; 20 unless given.' })
  readonly limit: number = 20;

  @field(cursorRule, { optional: true, description: 'nextCursor or prevCursor of an answer of the same list.' })
  readonly cursor?: string;

  @OneOf(['total'], { optional: true, description: 'total: count the rows as well, up to 10,000.' })
  readonly include?: string;
}

/** A field that a list can be sorted by. */
export interface SortField {
  /** An SQL expression that is never null. */
  readonly sql: string;
  /** Its PostgreSQL type, such as `timestamptz`. */
  readonly type: string;
}

/** A field that a list can be filtered by. */
export interface FilterField extends SortField {
  readonly rule: ValueRule;
  /** `[gt]`, `[gte]`, `[lt]` and `[lte]` are allowed beside equality. */
  readonly range?: boolean;
  /** Numbers below it stand for "none": no range reaches them. */
  readonly least?: number;
  /** The condition instead of equality with one of the values, such as for a list in the row. @param values an SQL array */
  readonly matches?: (values: string) => string;
}

/** What a list can be asked for: an allowlist, published in the API document. */
export interface ListSpec<Q extends PageQuery = PageQuery> {
  /** Names the list inside its cursors. */
  readonly name: string;
  /** SQL of the row's uuid, which makes every order total. */
  readonly id: string;
  readonly sort: Readonly<Record<string, SortField>>;
  /** As in a query: `-createdAt`. */
  readonly defaultSort: string;
  readonly filters?: Readonly<Record<string, FilterField>>;
  /** The list's other parameters. Default: PageQuery. */
  readonly query?: DtoClass<Q>;
}

/** One key of an order. */
export interface SortKey {
  readonly name: string;
  readonly descending: boolean;
}

/** One condition; equality holds for any of its values. */
export interface Filter {
  readonly name: string;
  readonly op: 'eq' | Range;
  readonly values: readonly unknown[];
}

/** A list query that has been read and checked. */
export interface ListRequest<Q extends PageQuery = PageQuery> {
  readonly query: Q;
  readonly sort: readonly SortKey[];
  readonly filters: readonly Filter[];
}

/**
 * Reads a list's query string: `limit`, `cursor`, `include`, `sort=-createdAt,name`, `filter[state]=a,b`,
 * `filter[createdAt][gte]=...`. @throws http.invalid_parameter for anything the spec does not list
 */
export function readListRequest<Q extends PageQuery>(
  spec: ListSpec<Q>,
  parameters: Readonly<Record<string, unknown>>,
): ListRequest<Q> {
  const type = parametersOf(spec);
  const query = readQuery(type, parameters);
  const { sort = sortKeysOf(spec.defaultSort), ...others } = query as PageQuery & { readonly sort?: SortKey[] };
  const filters: Filter[] = [];
  // In the order of the spec: a cursor is not bound to the order in which parameters stand in a URL.
  for (const [parameter] of rulesOf(type)) {
    const value = (others as Record<string, unknown>)[parameter];
    const [, name, op = 'eq'] = /^filter\[(\w+)\](?:\[(\w+)\])?$/.exec(parameter) ?? [];
    if (name === undefined || value === undefined) continue;
    filters.push({ name, op: op as Filter['op'], values: op === 'eq' ? (value as unknown[]) : [value] });
  }
  return { query: query as Q, sort, filters };
}

/** The list query of a route: `@ListQuery(RELEASES) request: ListRequest`, with its OpenAPI. Declare the type as an interface. */
export function ListQuery(spec: ListSpec): ParameterDecorator {
  return (target, method, index) => {
    const pipe: PipeTransform = { transform: (value: Record<string, unknown>) => readListRequest(spec, value) };
    Query(pipe)(target, method, index);
    const descriptor = method === undefined ? undefined : Object.getOwnPropertyDescriptor(target, method);
    if (method === undefined || !descriptor) return;
    for (const [name, { value, options }] of rulesOf(parametersOf(spec))) {
      const { description, list } = options;
      const form = list
        ? { schema: { type: 'array', items: value.schema, maxItems: list.max }, style: 'form', explode: false }
        : { schema: value.schema };
      ApiQuery({
        name,
        required: !options.optional,
        ...(description !== undefined && { description }),
        ...(form as object),
      })(target, method, descriptor);
    }
  };
}

const parameterClasses = new WeakMap<ListSpec, DtoClass<PageQuery>>();

/** A DTO class of all parameters of a list: its own, `sort`, and one for each way to filter. */
function parametersOf(spec: ListSpec): DtoClass<PageQuery> {
  const known = parameterClasses.get(spec);
  if (known) return known;
  class ListParameters extends (spec.query ?? PageQuery) {}
  const add = (name: string, rule: ValueRule, options: FieldOptions): void =>
    field(rule, { optional: true, ...options })(ListParameters.prototype, name);
  const description = `Up to ${MOST_SORT_KEYS} keys, separated by commas, with - for descending: ${Object.keys(spec.sort).join(', ')}.`;
  add('sort', sortRule(spec), { description });
  for (const [name, { rule, range }] of Object.entries(spec.filters ?? {})) {
    const one = { description: `Only rows whose ${name} is one of these.` };
    add(`filter[${name}]`, rule, { ...one, list: { min: 1, max: MOST_FILTER_VALUES } });
    for (const op of range ? RANGES : []) {
      add(`filter[${name}][${op}]`, rule, { description: `Only rows whose ${name} is ${WORDS[op]} this.` });
    }
  }
  parameterClasses.set(spec, ListParameters);
  return ListParameters;
}

function sortRule({ sort, defaultSort }: ListSpec): ValueRule {
  const refusal = { code: 'sort', message: `must be up to ${MOST_SORT_KEYS} of ${Object.keys(sort).join(', ')}` };
  const accepts = (keys: SortKey[]): boolean =>
    keys.length <= MOST_SORT_KEYS &&
    keys.every(({ name }) => Object.hasOwn(sort, name)) &&
    new Set(keys.map(({ name }) => name)).size === keys.length;
  return {
    name: 'sort',
    refuse: (text) => (accepts(sortKeysOf(String(text))) ? undefined : refusal),
    decode: (text) => sortKeysOf(String(text)),
    schema: { type: 'string', default: defaultSort },
  };
}

function sortKeysOf(text: string): SortKey[] {
  return text.split(',').map((part) => ({ name: part.replace(/^-/, ''), descending: part.startsWith('-') }));
}
