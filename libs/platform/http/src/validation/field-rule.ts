import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '#api-document';
import { ValidateBy } from '#class-validator/decorator/common/ValidateBy';

/** Why a value is not acceptable. `message` follows "This value ..." and never repeats the value. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The member of the value that is at fault; absent: the value as a whole. */
  readonly member?: string;
}

/** A class whose decorated members say what a body or a query may hold. */
export type DtoClass<T extends object = object> = new () => T;

/** What one value must be. The same rule serves bodies, query strings and list filters. */
export interface ValueRule {
  /** The code of the field error, in snake_case. */
  readonly name: string;
  /** Why the value is refused, or undefined. */
  refuse(value: unknown): Refusal | undefined;
  /** The value a query string means; absent: the text itself. */
  fromText?(text: string): unknown;
  /** What the handler gets for an accepted value; absent: the value as sent. */
  decode?(value: unknown): unknown;
  /** The class of a nested object; its members are read after `refuse`. */
  readonly nested?: () => DtoClass;
  /** JSON Schema of the value. */
  readonly schema: ApiPropertyOptions;
}

/** How a member holds its value. */
export interface FieldOptions {
  /** The member may be absent. Default: it is required. */
  readonly optional?: boolean;
  /** `null` is accepted as well (it clears a value in a merge patch). */
  readonly nullable?: boolean;
  /** The member is a list of such values; in a query string they are separated by commas. */
  readonly list?: { readonly min?: number; readonly max: number };
  readonly description?: string;
  readonly example?: unknown;
}

/** A member's rule as the strict reader finds it in class-validator's metadata (so mapped types and subclasses carry it). */
export class FieldRule {
  constructor(
    readonly value: ValueRule,
    readonly options: FieldOptions,
  ) {}

  /** Why the list itself is refused, whatever its elements are; the bound comes first so that long lists cost nothing. */
  refuseList(value: unknown): Refusal | undefined {
    const { min = 0, max } = this.options.list ?? { max: 0 };
    if (!Array.isArray(value)) return { code: 'list', message: 'must be a list' };
    if (value.length >= min && value.length <= max) return undefined;
    return { code: 'list_size', message: `must have ${min} to ${max} elements` };
  }

  /** Whether a value would pass, nested members aside. */
  accepts(value: unknown): boolean {
    if (value === undefined || value === null)
      return value === undefined ? !!this.options.optional : !!this.options.nullable;
    if (!this.options.list) return !this.value.refuse(value);
    return !this.refuseList(value) && (value as unknown[]).every((element) => !this.value.refuse(element));
  }
}

/** Makes a property decorator of a rule: validation and OpenAPI in one. */
export function field(rule: ValueRule, options: FieldOptions = {}): PropertyDecorator {
  const constraint = new FieldRule(rule, options);
  const validator = {
    validate: (value: unknown) => constraint.accepts(value),
    defaultMessage: () => `$property: ${rule.name}`,
  };
  return applyDecorators(
    ValidateBy({ name: rule.name, constraints: [constraint], validator }),
    ApiProperty(schemaOf(rule, options)),
  );
}

function schemaOf(rule: ValueRule, options: FieldOptions): ApiPropertyOptions {
  const { optional, nullable, list, description, example } = options;
  const { nested } = rule;
  // Swagger takes a function for a class unless it is called `type`: hence the arrow functions in place.
  const item = nested ? { ...rule.schema, type: () => nested() } : rule.schema;
  const items = nested ? { type: () => nested(), isArray: true } : { type: 'array', items: item };
  return {
    ...(list ? { ...items, minItems: list.min ?? 0, maxItems: list.max } : item),
    required: !optional,
    ...(nullable && { nullable }),
    ...(description !== undefined && { description }),
    ...(example !== undefined && { example }),
  } as ApiPropertyOptions;
}
