import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { gradeVocabularyOf } from '../grade-vocabularies.js';
import { type GradeVocabularyView, gradeVocabularyView } from '../grade-vocabulary.views.js';

/** The store's words for grades. */
export class GetGradeVocabulary extends Query<GradeVocabularyView> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@QueryHandler(GetGradeVocabulary)
export class GetGradeVocabularyHandler implements IQueryHandler<GetGradeVocabulary> {
  constructor(private readonly work: UnitOfWork) {}

  async execute(): Promise<GradeVocabularyView> {
    return gradeVocabularyView(await gradeVocabularyOf(this.work.current()));
  }
}
