import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Logger } from '@nestjs/common';
import { type Actor, actorRef, declareErrors } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { projectionStatuses } from './list-projections.query.js';
import type { ProjectionView } from './projections.views.js';

/** What an operator can do to a projection or reaction. */
export type ProjectionAction = 'pause' | 'resume' | 'rebuild' | 'replay' | 'roll-back' | 'drop-retired';

const errors = declareErrors('projections', {
  unknown: { problem: 'reference-not-found', when: 'no projection or reaction has this name' },
  cannot_be_rebuilt: {
    problem: 'conflict',
    when: 'a reaction is to be rebuilt: it would send its commands again',
  },
  nothing_retired: {
    problem: 'conflict',
    when: 'there is no build to turn back to or to drop, or another one is being made',
  },
});

/** Asks a projection to pause, go on, be built anew, turn back or try its parked events again. The worker does it. */
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
  private readonly logger = new Logger('Eventing');

  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor, name, action }: OperateProjection): Promise<ProjectionView> {
    const unit = this.work.current();
    const [found] = await projectionStatuses(unit, name);
    if (!found) throw errors.unknown(`There is no projection or reaction ${name}: the list has their names.`);
    if (action === 'rebuild' && found.kind === 'reaction') {
      throw errors.cannot_be_rebuilt(`${name} is a reaction: it cannot be rebuilt. Replay what it has parked instead.`);
    }
    const changed = await unit.run(CHANGES[action], [name]);
    if (changed === 0 && RETIRED.has(action)) {
      throw errors.nothing_retired(`${name} has no earlier build to turn to, or another one is being made.`);
    }
    this.logger.log({ msg: 'the operator acts on a projection', projection: name, action, actor: actorRef(actor) });
    const [after] = await projectionStatuses(unit, name);
    return after ?? found;
  }
}

const RETIRED: ReadonlySet<ProjectionAction> = new Set(['roll-back', 'drop-retired']);
const CHANGES: Record<ProjectionAction, string> = {
  pause: `update es.projections set paused = true, updated_at = now() where name = $1 and status <> 'retired'`,
  resume: `update es.projections set paused = false, updated_at = now() where name = $1 and status <> 'retired'`,
  rebuild: `update es.projections set wish = 'rebuild', updated_at = now() where name = $1 and status = 'live'`,
  replay: `update es.projections set wish = 'replay', updated_at = now() where name = $1 and status <> 'retired'`,
  // It goes on from where it was and takes over when it has caught up.
  'roll-back': `update es.projections set status = 'catching_up', paused = false, error = null, updated_at = now()
    where name = $1 and status = 'retired' and wish is null
      and not exists (select 1 from es.projections o where o.name = $1 and o.status = 'catching_up')`,
  'drop-retired': `update es.projections set wish = 'drop', paused = false, updated_at = now() where name = $1 and status = 'retired'`,
};
