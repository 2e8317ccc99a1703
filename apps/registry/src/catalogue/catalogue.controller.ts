import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { PublicationStore } from '../snapshot/publication.store.js';
import {
  CatalogueDto,
  DigestParameters,
  MemberDto,
  ServiceParameters,
  ServiceWithAgreementsDto,
} from './catalogue.dto.js';
import type { Catalogue, ListedMember, ServiceWithAgreements } from './catalogue.js';
import { catalogueErrors } from './catalogue.errors.js';
import { CatalogueStore } from './catalogue.store.js';

const IMMUTABLE = 'public, max-age=31536000, immutable';

interface Announcement {
  /** Compact JWS. */
  readonly statement: string;
  readonly digests: string;
  /** Byte for byte as its digest was made. */
  readonly snapshot: string;
}

/** Who is on the bus and what they offer: public within the instance, without keys and without personal data. */
@ApiTags('catalogue')
@Controller('v1')
export class CatalogueController {
  constructor(
    private readonly store: CatalogueStore,
    private readonly publications: PublicationStore,
  ) {}

  @Get('catalogue')
  @ApiOperation({
    operationId: 'readCatalogue',
    summary: 'All members with their subsystems and services, purposes, and data elements.',
  })
  @ApiOkResponse({ type: CatalogueDto })
  async catalogue(): Promise<Catalogue> {
    const newest = await this.publications.newestSnapshot();
    const { instance = '', number = 0, elements = [] } = newest?.snapshot ?? {};
    return { instance, number, members: await this.store.members(), purposes: await this.store.purposes(), elements };
  }

  @Get('members')
  @ApiOperation({ operationId: 'listMembers', summary: 'All members.' })
  @ApiOkResponse({ type: [MemberDto] })
  members(): Promise<readonly ListedMember[]> {
    return this.store.members();
  }

  @Get('services/:instance/:memberClass/:member/:subsystem/:service')
  @ApiOperation({ operationId: 'readService', summary: 'One service, with who may call what and for which purposes.' })
  @ApiOkResponse({ type: ServiceWithAgreementsDto })
  @ApiParam({ name: 'instance', type: String })
  @ApiParam({ name: 'memberClass', type: String })
  @ApiParam({ name: 'member', type: String })
  @ApiParam({ name: 'subsystem', type: String })
  @ApiParam({ name: 'service', type: String })
  async service(@Param() parts: ServiceParameters): Promise<ServiceWithAgreements> {
    const { instance, memberClass, member, subsystem, service } = parts;
    const found = await this.store.service([instance, memberClass, member, subsystem, service].join('/'));
    if (found === undefined) throw catalogueErrors.error('service-unknown');
    return found;
  }

  @Get('openapi/:digest')
  @ApiOperation({
    operationId: 'readOpenApi',
    summary: "A service's OpenAPI document, byte for byte as it was applied.",
  })
  @ApiParam({ name: 'digest', type: String, description: 'Hex SHA-256 of the document.' })
  async openapi(@Param() { digest }: DigestParameters, @Res() reply: FastifyReply): Promise<void> {
    const document = await this.store.openapi(digest);
    if (document === undefined) throw catalogueErrors.error('openapi-unknown');
    void reply
      .header('Content-Type', `${document.mediaType}; charset=utf-8`)
      .header('Cache-Control', IMMUTABLE)
      .header('X-Content-Type-Options', 'nosniff')
      .send(document.body);
  }

  @Get('snapshot')
  @ApiOperation({ operationId: 'readSnapshot', summary: 'The newest snapshot, byte for byte as its digest was made.' })
  async snapshot(@Res() reply: FastifyReply): Promise<void> {
    const newest = await this.publications.newestSnapshot();
    void reply
      .header('Content-Type', 'application/json; charset=utf-8')
      .header('Cache-Control', 'no-cache')
      .send(newest?.body ?? 'null');
  }

  @Get('announcement')
  @ApiOperation({
    operationId: 'readAnnouncement',
    summary:
      'The newest manifest that the log has, with its digest list and its snapshot: who holds the registry’s key of trust.json needs nothing else to believe it.',
  })
  @ApiOkResponse({ type: Object })
  async announcement(): Promise<Announcement> {
    const manifest = await this.publications.lastLogged();
    const snapshot = manifest && (await this.publications.snapshotNumbered(manifest.number));
    if (manifest === undefined || snapshot === undefined) throw catalogueErrors.error('nothing-announced');
    return { statement: manifest.statement, digests: manifest.digests, snapshot: snapshot.body };
  }
}
