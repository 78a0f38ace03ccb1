import { ApiSchema } from '#api-document';
import { currencyCodes, type IdKind, type Money } from '#platform/kernel';
import { type DtoClass, field, type FieldOptions } from './field-rule.js';
import {
  type Bounds,
  flagRule,
  idRule,
  instantRule,
  isPlainObject,
  noteRule,
  objectRule,
  oneOfRule,
  type TextBounds,
  textRule,
  wholeNumberRule,
} from './value-rules.js';

/** A whole number: a safe integer within bounds, never -0, a fraction or a string. */
export const WholeNumber = (options: Bounds & FieldOptions): PropertyDecorator =>
  field(wholeNumberRule(options), options);

/** `true` or `false`; in a query string those words. */
export const Flag = (options?: FieldOptions): PropertyDecorator => field(flagRule(), options);

/** One line of text, such as a name. Stored as sent (markup too) or refused, never altered. */
export const Text = (options: TextBounds & FieldOptions): PropertyDecorator => field(textRule(options), options);

/** Text of several lines, such as a remark. Stored as sent or refused, never altered. */
export const Note = (options: TextBounds & FieldOptions): PropertyDecorator => field(noteRule(options), options);

/** The typed id of another thing; the handler gets its UUID. Another kind's prefix is a validation error here. */
export const IdOf = (kind: IdKind, options?: FieldOptions): PropertyDecorator => field(idRule(kind), options);

/** One of some words, such as a state. */
export const OneOf = (words: readonly string[], options?: FieldOptions): PropertyDecorator =>
  field(oneOfRule(words), options);

/** An instant in UTC with `Z`; kept as the text that was sent. */
export const Instant = (options?: FieldOptions): PropertyDecorator => field(instantRule(), options);

/** An object whose members `type` describes. In place of class-validator's ValidateNested, which also takes lists. */
export const Nested = (type: () => DtoClass, options?: FieldOptions): PropertyDecorator =>
  field(objectRule(type), options);

/** A list of objects whose members `type` describes; its size is checked before anything in it. */
export const ListOf = (
  type: () => DtoClass,
  list: { min?: number; max: number },
  options?: FieldOptions,
): PropertyDecorator => field(objectRule(type), { ...options, list });

/** Money on the wire: whole minor units and an active ISO 4217 currency. */
@ApiSchema({ name: 'Money' })
export class MoneyBody implements Money {
  @WholeNumber({
    min: -Number.MAX_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    description: 'Minor units: 1999 is 19.99 EUR.',
    example: 1_999,
  })
  readonly amount!: number;

  @OneOf(currencyCodes, { example: 'EUR' })
  readonly currency!: string;
}

/** An amount of money in minor units, from 0 unless `min` says otherwise. The handler gets a `Money`. */
export function MoneyValue({
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
  ...options
}: Partial<Bounds> & FieldOptions = {}): PropertyDecorator {
  const object = objectRule(() => MoneyBody);
  const isOutside = (value: unknown): boolean =>
    isPlainObject(value) && typeof value.amount === 'number' && (value.amount < min || value.amount > max);
  const outside = { code: 'money', message: `must be from ${min} to ${max} minor units`, member: 'amount' };
  return field(
    { ...object, name: 'money', refuse: (value) => (isOutside(value) ? outside : object.refuse(value)) },
    options,
  );
}
