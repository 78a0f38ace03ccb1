import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IdOf, type IfMatchCondition, WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { CategoryView } from '../catalog.views.js';
import { MOST_CATEGORIES, placedAt } from '../domain/category-tree.js';
import { lockCategory, lockTree, namedOnce, readCategory, savePlaces } from '../store/category-rows.js';

export class MoveCategoryInput {
  /** Null: at the top of the tree. */
  @IdOf('category', { nullable: true, example: null })
  readonly parentId!: string | null;

  /** Its place among its siblings, from 0; left out, at the end. @example 0 */
  @WholeNumber({ min: 0, max: MOST_CATEGORIES, optional: true })
  readonly place?: number;
}

/** Moves a category, with all below it, to another parent or another place beside its siblings. */
export class MoveCategory extends Command<CategoryView> {
  constructor(
    readonly actor: Actor,
    readonly categoryId: string,
    readonly change: { readonly input: MoveCategoryInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(MoveCategory)
export class MoveCategoryHandler implements ICommandHandler<MoveCategory> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ categoryId, change: { input, ifMatch } }: MoveCategory): Promise<CategoryView> {
    const unit = this.work.current();
    const all = await lockTree(unit);
    await lockCategory(unit, categoryId, ifMatch);
    const places = placedAt(all, categoryId, input);
    const before = all.find(({ id }) => id === categoryId);
    const after = places.find(({ id }) => id === categoryId);
    if (before?.parentId === after?.parentId && before?.place === after?.place) return readCategory(unit, categoryId);
    await namedOnce('the same', () => savePlaces(unit, places));
    await unit.run(
      `update catalog.category set version = version + 1, updated_at = clock_timestamp() where tenant_id = $1 and id = $2`,
      [unit.tenantId, categoryId],
    );
    return readCategory(unit, categoryId);
  }
}
