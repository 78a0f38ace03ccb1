import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { CATEGORY_COLUMNS, type CategoryRow, categoryView, CategoryView } from '../catalog.views.js';

/** The whole tree, as a list. */
export class CategoryTreeView {
  /** Parents before their children, siblings in their order. */
  categories!: CategoryView[];
}

/** The store's categories: all of them, there are 5,000 at most. */
export class ListCategories extends Query<CategoryTreeView> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@QueryHandler(ListCategories)
export class ListCategoriesHandler implements IQueryHandler<ListCategories> {
  constructor(private readonly work: UnitOfWork) {}

  async execute(): Promise<CategoryTreeView> {
    const unit = this.work.current();
    const rows = await unit.prepared<CategoryRow & Record<string, unknown>>('catalog.categories', TREE, [
      unit.tenantId,
    ]);
    return { categories: rows.map(categoryView) };
  }
}

const TREE = `
  with recursive tree as (
    select c.id, array[c.place] as path from catalog.category c where c.tenant_id = $1 and c.parent_id is null
    union all
    select c.id, t.path || c.place from tree t join catalog.category c on c.tenant_id = $1 and c.parent_id = t.id)
  select ${CATEGORY_COLUMNS} from tree t join catalog.category c on c.tenant_id = $1 and c.id = t.id order by t.path`;
