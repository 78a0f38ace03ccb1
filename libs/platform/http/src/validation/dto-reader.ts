import { type ValidationError, validateSync } from 'class-validator';
import type { DomainError, FieldError } from '#platform/kernel';
import { pointerTo } from '../body/json-place.js';
import { httpErrors } from '../http.errors.js';
import { type DtoField, shapeOf } from './dto-shape.js';
import type { DtoClass, FieldRule, Refusal } from './field-rule.js';
import { isPlainObject } from './value-rules.js';

/** An answer lists 20 errors; one more is looked for, so that the answer can say that there are more. */
const ENOUGH_ERRORS = 21;

type Path = readonly (string | number)[];
type Members = Record<string, unknown>;

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
  const dto = reader.readObject(type, body, []);
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
    if (typeof value !== 'string') reader.add([name], { code: 'repeated', message: 'must be given once' });
    else values[name] = valueOfText(fields.get(name)?.rule, value);
  }
  const dto = reader.readObject(type, values, []);
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

/** Reads objects and gathers what is wrong with them, until it has found enough for an answer. */
class DtoReader {
  readonly errors: FieldError[] = [];

  constructor(private readonly unknown: Refusal) {}

  add(path: Path, { code, message }: Refusal): void {
    if (!this.isDone) this.errors.push({ pointer: pointerTo(path), code, message: `This value ${message}.` });
  }

  readObject<T extends object>(type: DtoClass<T>, value: Members, path: Path): T {
    const { fields, hasForeignRules } = shapeOf(type);
    const dto = new type();
    const members = dto as Members;
    for (const name of Object.keys(value)) {
      if (fields.has(name)) members[name] = value[name];
      else this.add([...path, name], this.unknown);
    }
    const foreign = hasForeignRules ? validateSync(dto, { stopAtFirstError: true, forbidUnknownValues: false }) : [];
    for (const [name, field] of fields) {
      if (this.isDone) break;
      const before = this.errors.length;
      this.readField(members, name, field, path);
      if (foreign.length > 0 && this.errors.length === before) this.addForeign(foreign, name, field, path);
    }
    return dto;
  }

  private get isDone(): boolean {
    return this.errors.length >= ENOUGH_ERRORS;
  }

  private readField(members: Members, name: string, { rule, conditions }: DtoField, path: Path): void {
    const value = members[name];
    if (!rule || (value === null && rule.options.nullable)) return;
    if (value === undefined) {
      const isRequired = !rule.options.optional && conditions.every((condition) => condition(members, value));
      if (isRequired) this.add([...path, name], { code: 'required', message: 'is required' });
      return;
    }
    members[name] = rule.options.list
      ? this.readList(rule, value, [...path, name])
      : this.readValue(rule, value, path, name);
  }

  private readList(rule: FieldRule, value: unknown, path: Path): unknown[] {
    const refusal = rule.refuseList(value);
    if (refusal) this.add(path, refusal);
    const elements: unknown[] = [];
    for (const element of refusal ? [] : (value as unknown[])) {
      if (this.isDone) break;
      elements.push(this.readValue(rule, element, path, elements.length));
    }
    return elements;
  }

  /** The place is put together only where it is needed: bulk bodies have tens of thousands of values. */
  private readValue({ value: rule }: FieldRule, value: unknown, parent: Path, name: string | number): unknown {
    const refusal = rule.refuse(value);
    if (refusal) return this.add([...parent, name], refusal);
    if (rule.nested) return this.readObject(rule.nested(), value as Members, [...parent, name]);
    return rule.decode ? rule.decode(value) : value;
  }

  /** Takes over what class-validator's own decorators found at a member that our rule accepts. */
  private addForeign(errors: readonly ValidationError[], name: string, { rule }: DtoField, path: Path): void {
    const own = errors.find((error) => error.property === name)?.constraints ?? {};
    for (const [constraint, message] of Object.entries(own)) {
      if (constraint === rule?.value.name) continue;
      const code = constraint.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      this.add([...path, name], { code, message: `is not acceptable: ${message}` });
    }
  }
}
