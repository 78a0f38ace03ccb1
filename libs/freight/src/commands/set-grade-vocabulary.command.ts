import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { checkIfMatch, field, type IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { checkedVocabulary } from '../checked-mapping.js';
import { objectRule } from '../freight.views.js';
import { gradeVocabularyOf } from '../grade-vocabularies.js';
import { type GradeVocabularyView, gradeVocabularyView } from '../grade-vocabulary.views.js';
import { lockedVersion } from '../locked-version.js';

export class SetGradeVocabularyInput {
  @field(objectRule, {
    description: 'Each word with the grade it means (M, NM, VG+, VG, G+, G, F, P), or null where it means none.',
    example: { Top: 'NM', Excellent: 'VG+', Untested: null },
  })
  readonly words!: Record<string, unknown>;
}

/** Replaces the store's words for grades. Jobs take them on when they are started or retried. */
export class SetGradeVocabulary extends Command<GradeVocabularyView> {
  constructor(
    readonly actor: Actor,
    readonly change: { readonly input: SetGradeVocabularyInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(SetGradeVocabulary)
export class SetGradeVocabularyHandler implements ICommandHandler<SetGradeVocabulary> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ change: { input, ifMatch } }: SetGradeVocabulary): Promise<GradeVocabularyView> {
    const unit = this.work.current();
    const words = checkedVocabulary(input.words, '/words');
    checkIfMatch(ifMatch, await lockedVersion(unit, 'grade_vocabulary', 'words'));
    await unit.run(
      `update freight.grade_vocabulary set words = $2, version = version + 1, updated_at = clock_timestamp()
        where tenant_id = $1`,
      [unit.tenantId, JSON.stringify(words)],
    );
    return gradeVocabularyView(await gradeVocabularyOf(unit));
  }
}
