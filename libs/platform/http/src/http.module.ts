import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { RedisConnection } from '#platform/persistence';
import { AccessGuard } from './access/access.guard.js';
import { RouteCensus } from './access/route-census.js';
import { AnswerInterceptor } from './answer.interceptor.js';
import { Consistency } from './consistency/consistency.js';
import { AnswerStore } from './idempotency/answer-store.js';
import { RateLimiter } from './limits/rate-limiter.js';
import { RequestLimiter } from './limits/request-limiter.js';
import { CursorCodec } from './paging/cursor.js';
import { ProblemFilter } from './problem/problem.filter.js';
import { StrictValidationPipe } from './validation/strict-validation.pipe.js';

/** What the edge is told by the app. */
export interface HttpOptions {
  /** Secret of the installation: signs cursors, encrypts kept answers. */
  readonly secret: string;
  /** Api processes that share the rate limits. */
  readonly processes: number;
}

/** The edge of the api: one guard, one pipe, one filter, one interceptor for every route. */
@Global()
@Module({})
export class HttpModule {
  static forRoot({ secret, processes }: HttpOptions): DynamicModule {
    return {
      module: HttpModule,
      imports: [DiscoveryModule, PassportModule],
      providers: [
        {
          provide: RateLimiter,
          inject: [RedisConnection],
          useFactory: (redis: RedisConnection) => new RateLimiter(redis, processes),
        },
        { provide: AnswerStore, useFactory: () => new AnswerStore(secret) },
        { provide: CursorCodec, useFactory: () => new CursorCodec(secret) },
        Consistency,
        RequestLimiter,
        RouteCensus,
        ProblemFilter,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_PIPE, useClass: StrictValidationPipe },
        { provide: APP_FILTER, useExisting: ProblemFilter },
        { provide: APP_INTERCEPTOR, useClass: AnswerInterceptor },
      ],
      exports: [CursorCodec, RateLimiter, RouteCensus],
    };
  }
}
