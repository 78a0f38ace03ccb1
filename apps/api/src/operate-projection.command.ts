import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Actor, declareErrors } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { projectionStatuses } from './list-projections.query.js';
import type { ProjectionView } from './projections.views.js';

/** What an operator can do to a projection or reaction. */
export type ProjectionAction = 'pause' | 'resume' | 'rebuild' | 'replay';

const errors = declareErrors('projections', {
  unknown: { problem: 'reference-not-found', when: 'no projection or reaction has this name' },
  cannot_be_rebuilt: {
    problem: 'conflict',
    when: 'a reaction is to be rebuilt: it would send its commands again',
  },
});

/** Asks a projection to pause, go on, be built anew or try its parked events again. The worker does it. Safe to repeat. */
export class OperateProjection extends Command<ProjectionView> {
  constructor(
    readonly actor: Actor,
    readonly name: string,
    readonly action: ProjectionAction,
  ) {
    super();
  }
}

@CommandHandler(OperateProjection)
export class OperateProjectionHandler implements ICommandHandler<OperateProjection> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ name, action }: OperateProjection): Promise<ProjectionView> {
    const unit = this.work.current();
    const [found] = await projectionStatuses(unit, name);
    if (!found) throw errors.unknown(`There is no projection or reaction ${name}: the list has their names.`);
    if (action === 'rebuild' && found.kind === 'reaction') {
      throw errors.cannot_be_rebuilt(`${name} is a reaction: it cannot be rebuilt. Replay what it has parked instead.`);
    }
    await this.change(unit, name, action);
    const [changed] = await projectionStatuses(unit, name);
    return changed ?? found;
  }

  private async change(unit: Unit, name: string, action: ProjectionAction): Promise<void> {
    const set = {
      pause: 'paused = true',
      resume: 'paused = false',
      rebuild: `wish = 'rebuild'`,
      replay: `wish = 'replay'`,
    };
    const only = action === 'rebuild' ? `status = 'live'` : `status <> 'retired'`;
    await unit.run(`update es.projections set ${set[action]}, updated_at = now() where name = $1 and ${only}`, [name]);
  }
}
