import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { HealthService } from '#platform/health';
import { AnyCaller } from '#platform/http';
import { HealthView } from './health.views.js';

/** The service itself. */
@ApiTags('Service')
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  /** Tell how the service is. Up or down, without detail; probes of an orchestrator use the admin port instead. */
  @Get()
  @AnyCaller()
  getHealth(): Promise<HealthView> {
    return this.health.summary();
  }
}
