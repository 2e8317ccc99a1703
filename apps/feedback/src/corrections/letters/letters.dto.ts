import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { LANGUAGES, type Language } from '../../access-history/titles.js';
import type { Letter } from './letter.js';

export class LetterQuery {
  @ApiProperty({ required: false, enum: LANGUAGES, description: 'Absent: that in which the case was filed.' })
  @IsOptional()
  @IsIn(LANGUAGES)
  lang?: Language;
}

export class LetterDto implements Letter {
  @ApiProperty({ example: 'Запрос № KG-2026-000123-7' }) title: string;
  @ApiProperty({ type: [String] }) paragraphs: string[];
  @ApiProperty({ enum: LANGUAGES }) language: Language;
}
