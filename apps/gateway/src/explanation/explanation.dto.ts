import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsRFC3339, Matches, MaxLength } from 'class-validator';
import type { AgreementFinding, AgreedHours, AgreedQuota, AgreedRate, AgreedSweep } from '#access';
import type { ExplanationQuestion, ShownAgreement, ShownExplanation } from './explanation.js';

const PART = String.raw`[A-Za-z0-9'()+,\-.=?_ ]{1,255}`;
const CODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const FIELDS = '(?:issue|user-id|represented-party)';
const optional = { required: false } as const;

/** A call in question: the endpoint's pattern, never a path, and the kind of a subject, never a subject. */
export class ExplanationQuery implements ExplanationQuestion {
  @ApiProperty({ example: 'DEMO/GOV/1001/population/persons' })
  @Matches(new RegExp(`^${PART}(/${PART}){4}$`), { message: 'service must be INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE' })
  service: string;

  @ApiProperty({ example: 'GET /{pin}', description: 'As registered.' })
  @MaxLength(1024)
  @Matches(/^[A-Z]{3,7} \/\S*$/, { message: 'endpoint is written METHOD /pattern' })
  endpoint: string;

  @ApiProperty({ ...optional, description: 'Who would call; who asks, if absent. Others ask as provider or operator.' })
  @IsOptional()
  @Matches(new RegExp(`^${PART}(/${PART}){3}$`), { message: 'consumer must be INSTANCE/CLASS/MEMBER/SUBSYSTEM' })
  consumer?: string;

  @ApiProperty({ ...optional, example: 'citizen-view' })
  @IsOptional()
  @Matches(CODE, { message: 'purpose must be a code of the catalogue' })
  purpose?: string;

  @ApiProperty(optional)
  @IsOptional()
  @Matches(CODE, { message: 'legalBasis must be a code of the catalogue' })
  legalBasis?: string;

  @ApiProperty({ ...optional, example: 'DEMO/PIN', description: "COUNTRY/TYPE; the endpoint's own rule goes before." })
  @IsOptional()
  @Matches(/^[A-Z]{2,8}\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { message: 'subjectKind must be COUNTRY/TYPE' })
  subjectKind?: string;

  @ApiProperty({ ...optional, example: 'issue,user-id', description: 'What the call would state of itself.' })
  @IsOptional()
  @Matches(new RegExp(`^${FIELDS}(?:,${FIELDS}){0,2}$`), { message: 'context lists issue, user-id, represented-party' })
  context?: string;

  @ApiProperty({ ...optional, format: 'date-time', description: 'When it would call; now, if absent.' })
  @IsOptional()
  @IsRFC3339()
  @MaxLength(35)
  at?: string;
}

export class ExplainedAgreementDto implements ShownAgreement {
  @ApiProperty({
    enum: [
      'allows',
      'not-begun',
      'ended',
      'stopped',
      'other-endpoints',
      'other-purposes',
      'outside-hours',
      'other-subjects',
      'context-missing',
    ],
    description: 'Why this agreement lets the call through or not: the first that does not hold.',
  })
  finding: AgreementFinding;
  @ApiProperty({ type: [String] }) endpoints: string[];
  @ApiProperty({ type: [String] }) purposes: string[];
  @ApiProperty({ type: [String], required: false }) subjectKinds?: string[];
  @ApiProperty({ selfRequired: false, type: 'object', additionalProperties: true }) hours?: AgreedHours;
  @ApiProperty({ type: [String], required: false }) context?: string[];
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description: 'Calls in a day and in a month; the provider counts them.',
  })
  quota?: AgreedQuota;
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description: 'How fast calls may come at each gateway.',
  })
  rate?: AgreedRate;
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description: 'Different subjects per hour and purpose from which on the consumer is reported, or braked as well.',
  })
  sweep?: AgreedSweep;
  @ApiProperty({ required: false, description: 'Who has to act at the endpoint.' }) endUser?: string;
  @ApiProperty({ required: false, description: 'Whether the subject must have allowed it.' }) requiresLink?: boolean;
  @ApiProperty({ ...optional, description: "The provider's notice while it grants nothing." }) stopped?: string;
  @ApiProperty(optional) from?: string;
  @ApiProperty() until: string;
}

export class ExplanationDto implements ShownExplanation {
  @ApiProperty({ description: 'Number of the registry snapshot that was asked.' }) snapshot: number;
  @ApiProperty({ description: '"allowed", or the code with which the call would be refused.' }) verdict: string;
  @ApiProperty({ required: false, description: 'What to do about a refusal.' }) next?: string;
  @ApiProperty({ required: false, description: 'Stated, or implied by the agreement.' }) purpose?: string;
  @ApiProperty({ required: false, description: 'Stated, or implied by the purpose.' }) legalBasis?: string;
  @ApiProperty({ type: [ExplainedAgreementDto], description: "Every agreement of the two, in the provider's order." })
  agreements: ExplainedAgreementDto[];
}
