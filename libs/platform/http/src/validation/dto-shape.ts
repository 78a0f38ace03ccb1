import { getMetadataStorage } from '#class-validator/metadata/MetadataStorage';
import { ValidationTypes } from '#class-validator/validation/ValidationTypes';
import { type DtoClass, FieldRule } from './field-rule.js';

/** A member of a DTO class. */
export interface DtoField {
  /** Our rule; undefined where only class-validator's own decorators stand. */
  readonly rule: FieldRule | undefined;
  /** Conditions of class-validator, such as those that PartialType adds. */
  readonly conditions: readonly ((dto: object, value: unknown) => boolean)[];
}

/** What a DTO class says of its members. */
export interface DtoShape {
  readonly fields: ReadonlyMap<string, DtoField>;
  /** The same as a list: a map's entries are made anew for each object that is read. */
  readonly members: readonly (DtoField & { readonly name: string })[];
  /** Whether some rules are known to class-validator only. */
  readonly hasForeignRules: boolean;
}

const { NESTED_VALIDATION, PROMISE_VALIDATION, CONDITIONAL_VALIDATION, CUSTOM_VALIDATION, IS_DEFINED } =
  ValidationTypes;
const shapes = new WeakMap<DtoClass, DtoShape>();

/**
 * The shape of a DTO class, from class-validator's metadata.
 * @throws Error for ValidateNested, which takes lists for objects, lists of lists, and reads them without bound
 */
export function shapeOf(type: DtoClass): DtoShape {
  const known = shapes.get(type);
  if (known) return known;
  const rules = getMetadataStorage()
    .getTargetValidationMetadatas(type, '', false, false)
    .map((item) => ({ ...item, constraint: (item.constraints as unknown[] | undefined)?.[0] }));
  if (rules.some(({ type: kind }) => kind === NESTED_VALIDATION || kind === PROMISE_VALIDATION)) {
    throw new Error(`${type.name} uses ValidateNested or ValidatePromise: use @Nested or @ListOf`);
  }
  const fields = new Map<string, DtoField>();
  for (const { propertyName: name } of rules) {
    const own = rules.filter((item) => item.propertyName === name);
    const conditions = own.filter((item) => item.type === CONDITIONAL_VALIDATION).map((item) => item.constraint);
    const rule = own.map((item) => item.constraint).find((constraint) => constraint instanceof FieldRule);
    fields.set(name, { rule, conditions: conditions as DtoField['conditions'] });
  }
  const hasForeignRules = rules.some(
    (item) => item.type === IS_DEFINED || (item.type === CUSTOM_VALIDATION && !(item.constraint instanceof FieldRule)),
  );
  const members = [...fields].map(([name, field]) => ({ name, ...field }));
  const shape = { fields, members, hasForeignRules };
  shapes.set(type, shape);
  return shape;
}

/** The members of a DTO class that have rules of ours: for the API document. */
export function rulesOf(type: DtoClass): [name: string, rule: FieldRule][] {
  return [...shapeOf(type).fields].flatMap(([name, { rule }]): [string, FieldRule][] => (rule ? [[name, rule]] : []));
}
