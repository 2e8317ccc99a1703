import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

export interface OpenApiTitle {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  /** What operations that want a bearer's token say of it; absent: none does. */
  readonly bearer?: string;
}

/** The OpenAPI 3.1 document that the controllers and DTOs describe, as JSON text. */
export function openApiText(app: NestFastifyApplication, about: OpenApiTitle): string {
  const { title, version, description = '', bearer } = about;
  const builder = new DocumentBuilder().setTitle(title).setDescription(description).setVersion(version);
  if (bearer !== undefined)
    builder.addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: bearer });
  return JSON.stringify(SwaggerModule.createDocument(app, builder.setOpenAPIVersion('3.1.0').build()));
}

/** Serves the generated document at `/openapi.json`. Call before `startHttpApp`. */
export function serveOpenApi(app: NestFastifyApplication, title: OpenApiTitle): void {
  const text = openApiText(app, title);
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/openapi.json', (_request, reply) => reply.type('application/json').send(text));
}
