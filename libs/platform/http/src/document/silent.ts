import type * as swagger from '@nestjs/swagger';

const silent = () => () => undefined;

/**
 * What the running apps find under `#api-document`, in place of @nestjs/swagger: decorators that say nothing. The API document is
 * written by `npm run openapi`, which loads the real ones (condition `document`; tests do so too), and served as a file.
 */
export {
  silent as ApiAcceptedResponse,
  silent as ApiBody,
  silent as ApiConsumes,
  silent as ApiExtraModels,
  silent as ApiHeader,
  silent as ApiOkResponse,
  silent as ApiParam,
  silent as ApiProduces,
  silent as ApiProperty,
  silent as ApiQuery,
  silent as ApiResponse,
  silent as ApiSchema,
  silent as ApiTags,
};

/** Where a model stands in the document. */
export const getSchemaPath: typeof swagger.getSchemaPath = (model) =>
  `#/components/schemas/${typeof model === 'string' ? model : model.name}`;
