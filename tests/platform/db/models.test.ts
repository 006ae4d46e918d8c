import { describe, expect, test } from 'vitest'
import { readModels, type Datamodel } from '../../../src/platform/db/models.ts'
import { ownModels } from '../../../src/platform/db/own-models.ts'

type Model = Datamodel['models'][number]
type Field = Model['fields'][number]

const scalar = (name: string, type = 'String'): Field => ({
  name,
  type,
  isList: false,
  isUnique: false,
  column: name,
  relation: null,
})
const relation = (name: string, type: string, from: string[], to: string[]): Field => ({
  ...scalar(name, type), column: null, isList: from.length === 0, relation: { name: 'between', from, to },
}) // prettier-ignore
const model = (name: string, ...fields: Field[]): Model => ({
  name,
  table: name,
  primaryKey: ['id'],
  compoundKeys: [],
  fields,
})
const read = (...models: Model[]) => readModels({ models })

describe('the data model is read at the start, and', () => {
  test('D1: a model that is neither owned nor listed stops the server, which says how to mend it', () => {
    expect(() => read(model('Diary', scalar('id')))).toThrow(
      /rows of the model Diary\? Give it a userId.*or name it in SERVER_MODELS \(src\/platform\/db\/models\.ts\)/,
    )
  })

  test('a model cannot be both owned and listed', () => {
    expect(() => read(model('MagicLink', scalar('id'), scalar('userId')))).toThrow(/MagicLink.*only be one of the two/)
  })

  test('a userId is the id of a user, and a column of its own', () => {
    expect(() => read(model('Diary', scalar('id'), scalar('userId', 'Int')))).toThrow(
      /userId of the model Diary must be a String/,
    )
    expect(() => read(model('Diary', scalar('id'), relation('userId', 'Diary', [], [])))).toThrow(/Whose are the rows/)
  })

  const folder = model('Folder', scalar('id'), scalar('userId'), relation('notes', 'Note', [], []))
  const note = (from: string[], to: string[]) =>
    model('Note', scalar('id'), scalar('userId'), scalar('folderId'), relation('folder', 'Folder', from, to))

  test('D1: a relation between owned models must carry the userId on both sides', () => {
    const refusal = /Note\.folder could point at another user's Folder.*references: \[userId, id\]/
    expect(() => read(folder, note(['folderId'], ['id']))).toThrow(refusal)
    expect(() => read(folder, note(['folderId', 'userId'], ['userId', 'id']))).toThrow(refusal)
    expect(
      read(folder, note(['userId', 'folderId'], ['userId', 'id']))
        .get('Note')
        ?.relations.get('folder'),
    ).toMatchObject({ owned: true })
  })

  test('D1: a relation that is kept in a table of its own is refused: that table has no userId', () => {
    const tag = model('Tag', scalar('id'), scalar('userId'), relation('folders', 'Folder', [], []))
    const tagged = model('Folder', scalar('id'), scalar('userId'), relation('tags', 'Tag', [], []))
    expect(() => read(tagged, tag)).toThrow(/Folder\.tags is kept in a table that has no userId/)
  })

  test('the product’s own is in order: tables, columns, keys and relations', () => {
    const models = ownModels()
    const owned = [...models.values()].filter((model) => model.owned).map(({ name }) => name)
    // An app may have added tables of its own.
    expect(owned).toEqual(expect.arrayContaining(['Session', 'Record', 'RecordUsage', 'AuditEntry']))
    const record = models.get('Record')
    expect(record).toMatchObject({
      delegate: 'record',
      table: 'records',
      primaryKey: ['userId', 'id'],
      appendOnly: false,
    })
    expect(record?.columns.get('titleSearch')).toBe('title_search')
    expect([...(record?.uniqueKeys ?? [])]).toEqual([['userId_id', ['userId', 'id']]])
    expect(record?.relations.get('user')).toEqual({ model: 'User', isList: false, owned: false })
    expect(models.get('AuditEntry')?.appendOnly).toBe(true)
  })
})
