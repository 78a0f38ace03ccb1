import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { CategoryView } from '../catalog.views.js';
import { catalogErrors } from '../domain/catalog.errors.js';
import { closedUp } from '../domain/category-tree.js';
import { lockCategory, lockTree, readCategory, savePlaces } from '../store/category-rows.js';

/** Removes a category that nothing stands in and that has none below it. */
export class DeleteCategory extends Command<CategoryView> {
  constructor(
    readonly actor: Actor,
    readonly categoryId: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(DeleteCategory)
export class DeleteCategoryHandler implements ICommandHandler<DeleteCategory> {
  constructor(private readonly work: UnitOfWork) {}

  /** @returns the category as it was */
  async execute({ categoryId, ifMatch }: DeleteCategory): Promise<CategoryView> {
    const unit = this.work.current();
    const all = await lockTree(unit);
    await lockCategory(unit, categoryId, ifMatch);
    const category = await readCategory(unit, categoryId);
    const categories = all.filter(({ parentId }) => parentId === categoryId).length;
    if (categories > 0 || category.releases > 0) {
      throw catalogErrors.category_not_empty('The category is not empty. Move what is in it first.', {
        categories,
        releases: category.releases,
      });
    }
    await unit.run('delete from catalog.category where tenant_id = $1 and id = $2', [unit.tenantId, categoryId]);
    const place = all.find(({ id }) => id === categoryId);
    if (place) await savePlaces(unit, closedUp(all, place));
    return category;
  }
}
