import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { currentTraceId } from '#platform/telemetry';
import type { ApiReply, ApiRequest } from '../access/authenticated.js';
import { toProblem } from './problem.js';

/** Media type of every refusal. */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** The one place where errors become answers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<ApiRequest>(), http.getResponse<ApiReply>());
  }

  /** Writes the problem answer for an error, wherever it was met. */
  answer(error: unknown, request: ApiRequest, reply: ApiReply): void {
    const problem = toProblem(error, { requestId: request.id, traceId: currentTraceId() });
    if (problem.fault) this.logger.error({ msg: 'request failed', code: problem.body['code'], stack: stackOf(error) });
    if (reply.sent) return;
    void reply
      .code(problem.status)
      .headers(problem.headers)
      .header('content-type', PROBLEM_TYPE)
      .send(JSON.stringify(problem.body));
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
