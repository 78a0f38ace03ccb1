import type { ValidationError } from 'class-validator';
import { Validator } from '#class-validator/validation/Validator';
import type { DomainError, FieldError } from '#platform/kernel';
import { pointerTo } from '../body/json-place.js';
import { httpErrors } from '../http.errors.js';
import { type DtoShape, shapeOf } from './dto-shape.js';
import type { DtoClass, FieldRule, Refusal } from './field-rule.js';
import { isPlainObject } from './value-rules.js';

/** An answer lists 20 errors; one more is looked for, so that the answer can say that there are more. */
const ENOUGH_ERRORS = 21;

/** A value's place, from the inside out: it is only put together for those that are refused. Undefined: the body itself. */
type Place = { readonly name: string | number; readonly within: Place | undefined };
type Members = Record<string, unknown>;
type Known = DtoShape['members'][number];

/**
 * Reads a JSON body into a DTO class, taking nothing that the class does not name and converting nothing but ids.
 * @throws http.unknown_member when unknown members are all there is to say, else http.validation_failed
 */
export function readBody<T extends object>(type: DtoClass<T>, body: unknown): T {
  if (!isPlainObject(body)) {
    const errors = [{ pointer: '', code: 'object', message: 'This value must be an object.' }];
    throw httpErrors.validation_failed('The body must be a JSON object.', { errors });
  }
  const reader = new DtoReader(UNKNOWN_MEMBER);
  const dto = reader.readObject(type, body, undefined);
  const { errors } = reader;
  if (errors.length === 0) return dto;
  if (errors.every((error) => error.code === UNKNOWN_MEMBER.code)) {
    throw httpErrors.unknown_member('The body has members that are not known.', { errors });
  }
  throw httpErrors.validation_failed('Some values are not acceptable.', { errors });
}

/**
 * Reads a query string, as Fastify splits it, into a DTO class. Numbers and flags come from their text; nothing may be
 * repeated. @throws http.invalid_parameter
 */
export function readQuery<T extends object>(type: DtoClass<T>, query: Readonly<Members>): T {
  const reader = new DtoReader(UNKNOWN_PARAMETER);
  const { fields } = shapeOf(type);
  // Without a prototype, so that a parameter `__proto__` is one like any other.
  const values = Object.create(null) as Members;
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string')
      reader.add({ name, within: undefined }, { code: 'repeated', message: 'must be given once' });
    else values[name] = valueOfText(fields.get(name)?.rule, value);
  }
  const dto = reader.readObject(type, values, undefined);
  if (reader.errors.length === 0) return dto;
  throw invalidParameters(reader.errors.map((error) => ({ ...error, pointer: error.pointer.split('/')[1] ?? '' })));
}

/** The refusal of query parameters or headers. */
export function invalidParameters(errors: readonly FieldError[]): DomainError {
  return httpErrors.invalid_parameter('A parameter is not acceptable.', { errors });
}

const UNKNOWN_MEMBER: Refusal = { code: 'unknown_member', message: 'is not known here' };
const UNKNOWN_PARAMETER: Refusal = { code: 'unknown_parameter', message: 'is not known here' };

function valueOfText(rule: FieldRule | undefined, text: string): unknown {
  const read = (part: string): unknown => (rule?.value.fromText ? rule.value.fromText(part) : part);
  return rule?.options.list ? text.split(',').map(read) : read(text);
}

function pathOf(place: Place): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at: Place | undefined = place; at; at = at.within) path.unshift(at.name);
  return path;
}

/** Reads objects and gathers what is wrong with them, until it has found enough for an answer. */
class DtoReader {
  readonly errors: FieldError[] = [];

  constructor(private readonly unknown: Refusal) {}

  add(place: Place, { code, message }: Refusal): void {
    if (!this.isDone) this.errors.push({ pointer: pointerTo(pathOf(place)), code, message: `This value ${message}.` });
  }

  readObject<T extends object>(type: DtoClass<T>, value: Members, within: Place | undefined): T {
    const { fields, members: known, hasForeignRules } = shapeOf(type);
    const dto = new type();
    const members = dto as Members;
    for (const name of Object.keys(value)) {
      if (fields.has(name)) members[name] = value[name];
      else this.add({ name, within }, this.unknown);
    }
    const foreign = hasForeignRules
      ? new Validator().validateSync(dto, { stopAtFirstError: true, forbidUnknownValues: false })
      : [];
    for (const field of known) {
      if (this.isDone) break;
      const before = this.errors.length;
      this.readField(members, field, within);
      if (foreign.length > 0 && this.errors.length === before) this.addForeign(foreign, field, within);
    }
    return dto;
  }

  private get isDone(): boolean {
    return this.errors.length >= ENOUGH_ERRORS;
  }

  private readField(members: Members, { name, rule, conditions }: Known, within: Place | undefined): void {
    const value = members[name];
    if (!rule || (value === null && rule.options.nullable)) return;
    if (value === undefined) {
      const isRequired = !rule.options.optional && conditions.every((condition) => condition(members, value));
      if (isRequired) this.add({ name, within }, { code: 'required', message: 'is required' });
      return;
    }
    members[name] = rule.options.list
      ? this.readList(rule, value, within, name)
      : this.readValue(rule, value, within, name);
  }

  private readList(rule: FieldRule, value: unknown, within: Place | undefined, name: string): unknown[] {
    const refusal = rule.refuseList(value);
    if (refusal) this.add({ name, within }, refusal);
    if (refusal) return [];
    // A copy has the room it needs; an empty list that grows takes room for 16.
    const elements = [...(value as unknown[])];
    const place = { name, within };
    for (let at = 0; at < elements.length && !this.isDone; at++)
      elements[at] = this.readValue(rule, elements[at], place, at);
    return elements;
  }

  private readValue(
    { value: rule }: FieldRule,
    value: unknown,
    within: Place | undefined,
    name: string | number,
  ): unknown {
    const refusal = rule.refuse(value);
    if (refusal) return this.addTo({ name, within }, refusal);
    if (rule.nested) return this.readObject(rule.nested(), value as Members, { name, within });
    return rule.decode ? rule.decode(value) : value;
  }

  /** Points at the member of the value that is at fault, where the refusal names one. */
  private addTo(value: Place, refusal: Refusal): void {
    this.add(refusal.member === undefined ? value : { name: refusal.member, within: value }, refusal);
  }

  /** Takes over what class-validator's own decorators found at a member that our rule accepts. */
  private addForeign(errors: readonly ValidationError[], { name, rule }: Known, within: Place | undefined): void {
    const own = errors.find((error) => error.property === name)?.constraints ?? {};
    for (const [constraint, message] of Object.entries(own)) {
      if (constraint === rule?.value.name) continue;
      const code = constraint.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      this.add({ name, within }, { code, message: `is not acceptable: ${message}` });
    }
  }
}
