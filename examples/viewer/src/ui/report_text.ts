/* SPDX-License-Identifier: Apache-2.0 */
/* The report as plain text of 78 columns. What strangers wrote cannot look like a line of the report: it is indented. */
import { grouped } from './digest.js';
import { plain } from './dom.js';
import type { Block, PrintedReport } from './report_model.js';
import type { Texts } from './texts/en.js';

const width = 78;

export function wrapped(text: string, indent: string, first = indent): string {
  const lines: string[] = [];
  for (const paragraph of plain(text).split('\n')) {
    let line = lines.length === 0 ? first : indent;
    let isEmpty = true;
    for (const word of paragraph.split(' ')) {
      if (!isEmpty && line.length + 1 + word.length > width) {
        lines.push(line);
        line = indent;
        isEmpty = true;
      }
      line += isEmpty ? word : ` ${word}`;
      isEmpty = false;
    }
    lines.push(line.trimEnd());
  }
  return lines.join('\n');
}

function rowText(label: string, told: string): string {
  const value = plain(told);
  const head = `  ${label}: `;
  if (!value.includes('\n') && head.length + value.length <= width) return head + value;
  return `${head.trimEnd()}\n${wrapped(value, '      ')}`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'heading': {
      const text = plain(block.text);
      const line = (sign: string): string => sign.repeat(Math.min(width, text.length));
      return block.level === 2 ? `\n\n${text.toUpperCase()}\n${line('=')}` : `\n${text}\n${line('-')}`;
    }
    case 'text':
      return wrapped(block.text, '  ');
    case 'list':
      return block.items.map((item) => wrapped(item, '    ', '  - ')).join('\n');
    case 'rows':
      return block.rows.map(([label, value]) => rowText(label, value)).join('\n');
    case 'digest':
      return `${wrapped(`${block.label}:`, '  ')}\n${wrapped(grouped(block.hex), '      ')}`;
  }
}

export function reportText(t: Texts, report: PrintedReport): string {
  const title = report.title.toUpperCase();
  return [
    title,
    '='.repeat(title.length),
    '',
    wrapped(`${t.report.verdict}: ${report.headline}`, ''),
    '',
    wrapped(report.summary, ''),
    ...report.reasons.map((reason) => wrapped(reason, '    ', '  - ')),
    ...report.blocks.map(blockText),
    '\n',
    '_'.repeat(60),
    t.report.signature,
    '\n',
    '_'.repeat(60),
    t.report.nameLine,
    '',
  ].join('\n');
}
