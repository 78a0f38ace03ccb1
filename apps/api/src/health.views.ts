import { ApiProperty } from '#api-document';

/** How the service is. */
export class HealthView {
  /** `degraded`: everything works, but a part that the service can do without is down. */
  @ApiProperty({ enum: ['up', 'degraded', 'down'] })
  status!: 'up' | 'degraded' | 'down';

  /** State of each part, `up` or `down`. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string', enum: ['up', 'down'] } })
  checks!: Readonly<Record<string, 'up' | 'down'>>;
}
