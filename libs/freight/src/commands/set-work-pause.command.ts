import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Flag } from '#platform/http';
import { TenantFlows } from '#platform/jobs';
import type { Actor } from '#platform/kernel';

export class SetWorkPauseInput {
  /** Whether nothing new is begun. */
  @Flag()
  readonly paused!: boolean;
}

/** Whether all work is stopped. */
export class WorkPauseView {
  paused!: boolean;
}

/** The operator stops all work of all stores, or lets it go on. */
export class SetWorkPause extends Command<WorkPauseView> {
  constructor(
    readonly actor: Actor,
    readonly input: SetWorkPauseInput,
  ) {
    super();
  }
}

@CommandHandler(SetWorkPause)
export class SetWorkPauseHandler implements ICommandHandler<SetWorkPause> {
  constructor(private readonly flows: TenantFlows) {}

  async execute({ input: { paused } }: SetWorkPause): Promise<WorkPauseView> {
    await this.flows.pauseEverything(paused);
    return { paused };
  }
}
