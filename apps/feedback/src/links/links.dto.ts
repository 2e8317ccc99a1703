import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsISO8601, IsOptional, IsUUID, Matches, MaxLength } from 'class-validator';
import type { LinkDirection, LinkTerms } from './link.js';
import type { ShownLink } from './links.service.js';

const PART = String.raw`[A-Za-z0-9'()+,\-.=?]{1,255}`;
const SUBSYSTEM = new RegExp(`^${PART}(/${PART}){3}$`);
const SERVICE = new RegExp(`^${PART}(/${PART}){4}$`);
const CODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const DIRECTIONS = ['TO_MEMBER', 'FROM_MEMBER', 'BOTH'] as const;
const MOST = 10;

export class LinkBody {
  @ApiProperty({ example: 'DEMO/COM/2001/clinic', description: 'Subsystem of the member.' })
  @Matches(SUBSYSTEM, { message: 'member must be INSTANCE/CLASS/MEMBER/SUBSYSTEM' })
  member: string;

  @ApiProperty({ enum: DIRECTIONS, description: 'Whether data may flow to it, from it, or both.' })
  @IsIn(DIRECTIONS)
  direction: LinkDirection;

  @ApiProperty({ required: false, type: [String], description: 'For these services; absent: any of the purposes.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST)
  @Matches(SERVICE, { each: true, message: 'services must be service identifiers' })
  services?: string[];

  @ApiProperty({ required: false, type: [String], description: 'For these purposes; absent: any of the services.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST)
  @Matches(CODE, { each: true, message: 'purposes must be codes of the catalogue' })
  purposes?: string[];

  @ApiProperty({ example: '2026-1', description: 'Version of the notice that the person has read.' })
  @Matches(CODE, { message: 'notice must be a version: letters, digits, ".", "_" and "-"' })
  notice: string;

  @ApiProperty({ required: false, format: 'date-time' })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(35)
  until?: string;
}

export function termsOf({ member, direction, services, purposes, notice, until }: LinkBody): Omit<LinkTerms, 'portal'> {
  return {
    ...{ member, direction, notice, services: services ?? [], purposes: purposes ?? [] },
    ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
  };
}

export class LinkPath {
  @ApiProperty({ format: 'uuid' })
  @IsUUID('7')
  id: string;
}

export class LinkDto implements ShownLink {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ example: 'DEMO/COM/2001/clinic' }) member: string;
  @ApiProperty({ example: 'DEMO/GOV/1000/mygov' }) portal: string;
  @ApiProperty({ enum: DIRECTIONS }) direction: LinkDirection;
  @ApiProperty({ type: [String] }) services: string[];
  @ApiProperty({ type: [String] }) purposes: string[];
  @ApiProperty({ example: '2026-1' }) notice: string;
  @ApiProperty({ format: 'date-time' }) granted: string;
  @ApiProperty({ required: false, format: 'date-time' }) until?: string;
  @ApiProperty({ required: false, format: 'date-time' }) revoked?: string;
  @ApiProperty({ description: 'Hash of `link.granted`, base64url.' }) leaf: string;
  @ApiProperty({ required: false, description: 'Hash of `link.revoked`, base64url.' }) revokedLeaf?: string;
}

export class LinksDto {
  @ApiProperty({ type: [LinkDto], description: 'Newest first; also those that are over.' }) links: LinkDto[];
}

export class TicketBody {
  @ApiProperty({ example: 'DEMO/PIN/TEST000007' })
  @Matches(/^[A-Z]{2,8}\/[A-Z0-9._-]{1,64}\/[A-Z0-9+_.-]{1,64}$/, { message: 'subject must be COUNTRY/TYPE/CODE' })
  subject: string;

  @ApiProperty({ example: 'DEMO/GOV/1001/population/persons' })
  @Matches(SERVICE, { message: 'service must be INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE' })
  service: string;

  @ApiProperty({ example: 'benefit-decision' })
  @Matches(CODE, { message: 'purpose must be a code of the catalogue' })
  purpose: string;
}

export class TicketDto {
  @ApiProperty({ description: 'Good for three seconds: a JWS of feedback, typ kerege-link+jwt.' }) ticket: string;
}
