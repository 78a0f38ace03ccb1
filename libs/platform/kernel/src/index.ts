export { actorMay, actorRef, operatorActor, systemActor } from './actor.js';
export type { Actor, KeyActor, Mode, OperatorActor, SystemActor } from './actor.js';
export { bps, shareDown, shareHalfUp } from './basis-points.js';
export type { BasisPoints } from './basis-points.js';
export { canonicalJson } from './canonical-json.js';
export { ManualClock, systemClock } from './clock.js';
export type { Clock } from './clock.js';
export { currencyCodes, currencyExponent } from './currency.js';
export { declaredErrors, declareErrors, DomainError } from './errors.js';
export type { ErrorDeclaration, FieldError, ProblemMembers } from './errors.js';
export { formatId, ID_PREFIXES, newUuid, parseId, PLATFORM_TENANT_ID } from './ids.js';
export type { IdKind } from './ids.js';
export {
  addMoney,
  allocateMoney,
  compareMoney,
  money,
  moneyShareDown,
  moneyShareHalfUp,
  multiplyMoney,
  subtractMoney,
} from './money.js';
export type { Money } from './money.js';
export { ALL_PERMISSIONS, isPermission, PERMISSIONS, PLATFORM_PERMISSION } from './permissions.js';
export type { Permission, RequiredPermission } from './permissions.js';
export { PROBLEMS, problemUrn } from './problems.js';
export type { ProblemName } from './problems.js';
export { divideDown, divideHalfUp, splitByLargestRemainder } from './rounding.js';
