import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

export interface OpenApiTitle {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

/** The OpenAPI 3.1 document that the controllers and DTOs describe, as JSON text. */
export function openApiText(app: NestFastifyApplication, { title, version, description = '' }: OpenApiTitle): string {
  const builder = new DocumentBuilder().setTitle(title).setDescription(description).setVersion(version);
  return JSON.stringify(SwaggerModule.createDocument(app, builder.setOpenAPIVersion('3.1.0').build()));
}

/** Serves the generated document at `/openapi.json`. Call before `startHttpApp`. */
export function serveOpenApi(app: NestFastifyApplication, title: OpenApiTitle): void {
  const text = openApiText(app, title);
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/openapi.json', (_request, reply) => reply.type('application/json').send(text));
}
