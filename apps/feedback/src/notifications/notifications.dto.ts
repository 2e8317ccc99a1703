import { ApiProperty } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { LANGUAGES, type Language } from '../access-history/titles.js';
import { IS_UUID } from '../corrections/step.dto.js';
import type { ShownInbox, ShownNotification } from './inbox.service.js';
import type { Preference } from './kept-preference.js';
import { CATEGORIES, CHANNELS, DELIVERY_STATES, NOTICE_CODES, type Channel, type NoticeCode } from './notification.js';

const MOST_PER_PAGE = 100;
const SUBJECT = 'Of this person only: the end user, or somebody whom they represent.';

export class SubjectQuery {
  @ApiProperty({ required: false, example: 'DEMO/PIN/TEST000007', description: SUBJECT })
  @IsOptional()
  @IsString()
  @MaxLength(255)
  subject?: string;
}

export class InboxQuery extends SubjectQuery {
  @ApiProperty({ required: false, enum: LANGUAGES, description: 'Of the texts; absent: of Accept-Language.' })
  @IsOptional()
  @IsIn(LANGUAGES)
  lang?: Language;

  @ApiProperty({ required: false, description: 'Only what was not read.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  unread?: boolean;

  @ApiProperty({ required: false, format: 'uuid', description: '`next` of the page before.' })
  @IsOptional()
  @IS_UUID('after')
  after?: string;

  @ApiProperty({ required: false, default: 50, maximum: MOST_PER_PAGE })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_PER_PAGE)
  limit?: number;
}

export class NotificationPath {
  @ApiProperty({ format: 'uuid' }) @IS_UUID('id') id: string;
}

export class NotificationDto implements ShownNotification {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ format: 'uuid' }) correctionId: string;
  @ApiProperty({ enum: NOTICE_CODES }) code: NoticeCode;
  @ApiProperty({ enum: CATEGORIES }) category: string;
  @ApiProperty({ example: 'DE-2026-000001-1' }) publicNumber: string;
  @ApiProperty() text: string;
  @ApiProperty({ required: false, description: 'Where the portal shows the case.' }) link?: string;
  @ApiProperty({ format: 'date-time' }) at: string;
  @ApiProperty({ required: false, format: 'date-time' }) readAt?: string;
  @ApiProperty({
    type: Object,
    example: { push: 'SENT', email: 'SUPPRESSED', sms: 'SUPPRESSED' },
    description: `By channel: ${DELIVERY_STATES.join(', ')}. Whether anybody has opened it is not known.`,
  })
  deliveries: ShownNotification['deliveries'];
}

export class InboxDto implements ShownInbox {
  @ApiProperty({ type: [NotificationDto], description: 'The newest first.' }) notifications: NotificationDto[];
  @ApiProperty({ required: false, description: 'There are more: `after` of the next page.' }) next?: string;
}

export class ReadDto {
  @ApiProperty({ format: 'date-time', description: 'When it was read first.' }) readAt: string;
}

/** As `Record<Category, …>`, spelled out for validation. */
class ChannelsDto {
  @WantedChannels() action?: Channel[];
  @WantedChannels() progress?: Channel[];
  @WantedChannels() decision?: Channel[];
  @WantedChannels() information?: Channel[];
  @WantedChannels() security?: Channel[];
}

function WantedChannels(): PropertyDecorator {
  const decorators = [
    ApiProperty({ required: false, enum: CHANNELS, isArray: true, description: 'Instead of the default; [] is none.' }),
    ...[IsOptional(), IsArray(), ArrayMaxSize(CHANNELS.length), ArrayUnique(), IsIn(CHANNELS, { each: true })],
  ];
  return (target, name) => decorators.forEach((decorate) => decorate(target, name));
}

export class PreferencesBody {
  @ApiProperty({ required: false, example: 'DEMO/PIN/TEST000007', description: SUBJECT })
  @IsOptional()
  @IsString()
  @MaxLength(255)
  subject?: string;

  @ApiProperty({ description: 'Opaque: by which the portal knows where to reach them. Never an address.' })
  @Matches(/^[A-Za-z0-9_.~-]{1,128}$/, { message: 'handle must be 1 to 128 of A–Z a–z 0–9 _ . ~ -, and no address' })
  handle: string;

  @ApiProperty({ enum: LANGUAGES, description: 'Of what is sent.' }) @IsIn(LANGUAGES) language: Language;

  @ApiProperty({
    type: ChannelsDto,
    description: 'Ways beside the inbox, by category. SMS is never a default but for security.',
  })
  @IsDefined()
  @ValidateNested()
  @Type(() => ChannelsDto)
  channels: ChannelsDto;
}

export class PreferencesDto {
  @ApiProperty() handle: string;
  @ApiProperty({ enum: LANGUAGES }) language: Language;
  @ApiProperty({ type: ChannelsDto }) channels: Preference['channels'];
}

export function preferenceOf({ handle, language, channels }: PreferencesBody): Preference {
  const given = CATEGORIES.flatMap((category) => {
    const wanted = channels[category];
    return wanted === undefined ? [] : [[category, wanted] as const];
  });
  return { handle, language, channels: Object.fromEntries(given) };
}
