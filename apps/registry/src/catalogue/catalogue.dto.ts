import { ApiProperty } from '@nestjs/swagger';
import type {
  Catalogue,
  ListedAgreement,
  ListedElement,
  ListedEndpoint,
  ListedMember,
  ListedPurpose,
  ListedService,
  ListedSubsystem,
  ServiceWithAgreements,
} from './catalogue.js';
import type { AgreedHours, AgreedQuota, AgreedRate, AgreedSweep } from '#access';
import { IsNotEmpty, IsString, Matches, MaxLength } from 'class-validator';

const MAX_PART = 255;
const text = { type: 'object', additionalProperties: { type: 'string' }, example: { en: 'Persons' } } as const;

export class EndpointDto implements ListedEndpoint {
  @ApiProperty({ example: 'GET /{pin}' }) endpoint: string;
  @ApiProperty({ selfRequired: false, type: 'object', additionalProperties: true }) subject?: unknown;
}

export class ServiceDto implements ListedService {
  @ApiProperty({ example: 'DEMO/GOV/1001/population/persons' }) id: string;
  @ApiProperty(text) title: Record<string, string>;
  @ApiProperty({ required: false, description: 'Path of its OpenAPI document at this registry.' }) openapi?: string;
  @ApiProperty() timeoutMs: number;
  @ApiProperty() personalData: boolean;
  @ApiProperty({ selfRequired: false, type: 'object', additionalProperties: true }) subject?: unknown;
  @ApiProperty({ required: false }) disabled?: string;
  @ApiProperty({ selfRequired: false, type: 'object', additionalProperties: { type: 'string' } }) contract?: {
    requests: string;
    answers: string;
  };
  @ApiProperty({ type: [EndpointDto] }) endpoints: EndpointDto[];
}

export class SubsystemDto implements ListedSubsystem {
  @ApiProperty({ example: 'DEMO/GOV/1001/population' }) id: string;
  @ApiProperty({ ...text, selfRequired: false }) name?: Record<string, string>;
  @ApiProperty({ type: [ServiceDto] }) services: ServiceDto[];
}

export class MemberDto implements ListedMember {
  @ApiProperty({ example: 'DEMO/GOV/1001' }) id: string;
  @ApiProperty(text) name: Record<string, string>;
  @ApiProperty({ type: [SubsystemDto] }) subsystems: SubsystemDto[];
}

export class PurposeDto implements ListedPurpose {
  @ApiProperty() code: string;
  @ApiProperty(text) title: Record<string, string>;
  @ApiProperty() legalBasis: string;
}

export class ElementDto implements ListedElement {
  @ApiProperty({ example: 'person.birth-date' }) id: string;
  @ApiProperty({ example: 'DEMO/GOV/1001/population', description: 'Who decides about a correction.' }) owner: string;
  @ApiProperty(text) title: Record<string, string>;
  @ApiProperty({ description: 'People wrote it into the owner, a portal, themselves.' }) selfDeclared: boolean;
}

export class CatalogueDto implements Catalogue {
  @ApiProperty() instance: string;
  @ApiProperty({ description: 'Number of the newest snapshot.' }) number: number;
  @ApiProperty({ type: [MemberDto] }) members: MemberDto[];
  @ApiProperty({ type: [PurposeDto] }) purposes: PurposeDto[];
  @ApiProperty({ type: [ElementDto], description: 'Data elements.' }) elements: ElementDto[];
}

export class AgreementDto implements ListedAgreement {
  @ApiProperty() consumer: string;
  @ApiProperty({ type: [String] }) endpoints: string[];
  @ApiProperty({ type: [String] }) purposes: string[];
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'string', enum: ['subject', 'official', 'any'] },
    example: { 'GET /{pin}': 'subject' },
    description: 'Endpoints that may be called with an end user only, and with whom.',
  })
  endUser?: Record<string, string>;
  @ApiProperty({ required: false, description: 'Endpoints that may be called only while the subject has allowed it.' })
  requiresLink?: string[];
  @ApiProperty({ required: false, description: 'COUNTRY/TYPE of those whose data may be asked for; all if absent.' })
  subjectKinds?: string[];
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    properties: {
      days: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 7 } },
      from: { type: 'string', example: '09:00' },
      until: { type: 'string', example: '18:00' },
      timeZone: { type: 'string', example: 'Asia/Baku' },
    },
    description: 'When calls are allowed; 1 is Monday. At any hour if absent.',
  })
  hours?: AgreedHours;
  @ApiProperty({
    required: false,
    description: 'What callers must state.',
    enum: ['issue', 'user-id', 'represented-party'],
    isArray: true,
  })
  context?: string[];
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    properties: { day: { type: 'integer' }, month: { type: 'integer' }, timeZone: { type: 'string' } },
    description: 'Calls in a day and in a month, by the calendar of the time zone (UTC if it names none).',
  })
  quota?: AgreedQuota;
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    properties: { perSecond: { type: 'number' }, burst: { type: 'integer' } },
    description: 'How fast calls may come at each gateway.',
  })
  rate?: AgreedRate;
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    properties: { subjectsPerHour: { type: 'integer' }, brake: { type: 'boolean' } },
    description: 'Different subjects per hour and purpose from which on the consumer is reported, or braked as well.',
  })
  sweep?: AgreedSweep;
  @ApiProperty({ required: false, description: "The provider's notice while it grants nothing." })
  stopped?: string;
  @ApiProperty({ required: false }) from?: string;
  @ApiProperty() until: string;
}

export class ServiceWithAgreementsDto extends ServiceDto implements ServiceWithAgreements {
  @ApiProperty({ type: [AgreementDto] }) agreements: AgreementDto[];
}

export class ServiceParameters {
  @IsString() @IsNotEmpty() @MaxLength(MAX_PART) instance: string;
  @IsString() @IsNotEmpty() @MaxLength(MAX_PART) memberClass: string;
  @IsString() @IsNotEmpty() @MaxLength(MAX_PART) member: string;
  @IsString() @IsNotEmpty() @MaxLength(MAX_PART) subsystem: string;
  @IsString() @IsNotEmpty() @MaxLength(MAX_PART) service: string;
}

export class DigestParameters {
  @Matches(/^[0-9a-f]{64}$/, { message: 'digest must be 64 lower-case hex digits' }) digest: string;
}
