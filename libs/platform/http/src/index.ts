export { ACCESS, AnyCaller, CurrentActor, PlatformRoute, Public, Requires } from './access/access.decorators.js';
export type { Access } from './access/access.decorators.js';
export { OriginPolicy, UsageSink } from './access/authenticated.js';
export type { ApiReply, ApiRequest, Authenticated, RequestLimits } from './access/authenticated.js';
export { RouteCensus } from './access/route-census.js';
export type { CensusRow } from './access/route-census.js';
export { BulkBody } from './body/body-parser.js';
export { Streamed } from './body/streamed-body.js';
export { parseStrictJson } from './body/json-scanner.js';
export type { JsonLimits } from './body/json-scanner.js';
export { checkIfMatch, etagOf, requireIfMatch } from './conditional/etag.js';
export type { IfMatch as IfMatchCondition } from './conditional/etag.js';
export { ReadsProjection } from './consistency/reads-projection.decorator.js';
export { IfMatch } from './conditional/if-match.decorator.js';
export { httpErrors, notFound } from './http.errors.js';
export { HttpModule } from './http.module.js';
export type { HttpOptions } from './http.module.js';
export { IDEMPOTENCY, idempotencyKey, JudgesOwnRepeats, MovesMoney } from './idempotency/idempotency-key.js';
export { ApiPage } from './paging/api-page.decorator.js';
export { CursorCodec } from './paging/cursor.js';
export { ListPlan } from './paging/list-plan.js';
export type { CursorRow, ListContext, Page } from './paging/list-plan.js';
export { ListQuery, PageQuery, readListRequest } from './paging/list-request.js';
export type { ListRequest, ListSpec } from './paging/list-request.js';
export { pageOf } from './paging/page-of.js';
export type { ListSource } from './paging/page-of.js';
export { Facet, PageInfo } from './paging/page.dto.js';
export { API_PREFIX, createServer } from './server/create-server.js';
export type { ServerOptions } from './server/create-server.js';
export {
  Flag,
  IdOf,
  Instant,
  ListOf,
  MoneyBody,
  MoneyValue,
  Nested,
  Note,
  OneOf,
  Text,
  WholeNumber,
} from './validation/decorators.js';
export { readBody } from './validation/dto-reader.js';
export { field } from './validation/field-rule.js';
export type { FieldOptions, Refusal, ValueRule } from './validation/field-rule.js';
export { IdParam } from './validation/id-param.pipe.js';
export {
  flagRule,
  idRule,
  instantRule,
  noteRule,
  oneOfRule,
  textRule,
  wholeNumberRule,
} from './validation/value-rules.js';
