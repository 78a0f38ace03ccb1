import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HEALTH_OPTIONS, type HealthOptions } from './health.options.js';
import { HealthService } from './health.service.js';

/** Options that need providers, such as the database pool. */
export interface HealthAsyncOptions
  extends Pick<ModuleMetadata, 'imports'>, Pick<FactoryProvider<HealthOptions>, 'inject' | 'useFactory'> {}

/** Provides `HealthService` everywhere. */
@Module({})
export class HealthModule {
  static forRoot(options: HealthOptions): DynamicModule {
    return HealthModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports = [], inject, useFactory }: HealthAsyncOptions): DynamicModule {
    return {
      module: HealthModule,
      global: true,
      // Its own logger would write a line for each failing probe; HealthService tells changes.
      imports: [...imports, TerminusModule.forRoot({ logger: false })],
      providers: [{ provide: HEALTH_OPTIONS, inject, useFactory }, HealthService],
      exports: [HealthService],
    };
  }
}
