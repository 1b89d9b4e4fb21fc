/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxesOf } from '../src/play/analytics.js';
import { parseXml } from '../src/play/xml_tree.js';

const object =
  '<tt:Object ObjectId="1"><tt:Appearance><tt:Shape><tt:BoundingBox left="-0.5" top="0.5" right="0.5" bottom="-0.5"/></tt:Shape>' +
  "<tt:Class><tt:Type Likelihood='0.9'>&lt;b&gt;Human&amp;</tt:Type></tt:Class></tt:Appearance></tt:Object>";
const box = { left: 0.25, top: 0.25, right: 0.75, bottom: 0.75, label: '<b>Human& 90 %', objectId: '1' };

function scene(prefix: string, body: string): string {
  const tag = (name: string): string => (prefix === '' ? name : `${prefix}:${name}`);
  const namespace = prefix === '' ? 'xmlns' : `xmlns:${prefix}`;
  return `\ufeff<?xml version="1.0"?><!-- a > b --><${tag('MetadataStream')} ${namespace}="http://www.onvif.org/ver10/schema"><${tag('VideoAnalytics')}>` +
    `<${tag('Frame')} UtcTime="2026-11-21T10:00:00Z">${body}</${tag('Frame')}></${tag('VideoAnalytics')}></${tag('MetadataStream')}>\n`;
}

test('scene descriptions are read with any prefix, and with none', () => {
  for (const prefix of ['tt', 'x', '']) {
    assert.deepEqual(boxesOf(parseXml(scene(prefix, object.replaceAll('tt:', prefix === '' ? '' : `${prefix}:`)))), [box]);
  }
});

test('text, sections, numbers of characters and quoted signs', () => {
  const root = parseXml('<a b="x > y" c=\'"&#x41;\'>1<![CDATA[<&>]]><d/>&#8364;<d >2</d\n></a>');
  assert.equal(root.attribute('b'), 'x > y');
  assert.equal(root.attribute('c'), '"A');
  assert.equal(root.text(), '1<&>\u20ac2');
  assert.equal(root.children().length, 2);
  assert.equal(root.namespace, null);
});

test('what is not well-formed is refused', () => {
  const bad = ['', '<a>', '<a></b>', '<a/><b/>', 'x<a/>', '<a b=c/>', '<a b="1" b="2"/>', '<a>&nothing;</a>', '<a>&amp</a>', '<a>&#0;</a>', '<a>&#xD800;</a>', '<unbound:a/>', '<!DOCTYPE a><a/>', '<a "b"/>', '< a/>', '<a b="<"/>'];
  for (const text of bad) assert.throws(() => parseXml(text), /not well-formed/, text);
});

test('hostile documents take no time', () => {
  const began = Date.now();
  const many = [`<a ${'b="" '.repeat(50_000)}/>`, `<a>${'&amp;'.repeat(200_000)}</a>`, `<a${' '.repeat(60_000)}`, `<a ${'"'.repeat(60_001)}>`, `${'<a '.repeat(20_000)}`, `<a>${'<!--'.repeat(250_000)}`];
  for (const text of many) {
    try {
      parseXml(text);
    } catch (error) {
      assert.match(String(error), /not well-formed/);
    }
  }
  assert.ok(Date.now() - began < 2000, `${Date.now() - began} ms`);
});
