// Writes small files in MaxMind's format (MaxMind DB 2.0), so that tests need not bring one along.

/** A network in CIDR notation, IPv4, with what the file holds for it. */
export type MmdbEntry = { network: string; data: MmdbValue }
type MmdbValue = string | number | readonly string[] | { readonly [key: string]: MmdbValue }

/** Entries as MaxMind's files of cities have them. */
export function cityEntry(network: string, isoCode: string, country: string, city?: string): MmdbEntry {
  const named = (name: string) => ({ names: { en: name } })
  return { network, data: { country: { iso_code: isoCode, ...named(country) }, ...(city && { city: named(city) }) } }
}

type Tree = [Branch, Branch]
type Branch = Tree | number | null

export function mmdbOf(entries: readonly MmdbEntry[]): Buffer {
  const root: Tree = [null, null]
  const data: Buffer[] = []
  let size = 0
  for (const { network, data: value } of entries) {
    plant(root, network, size)
    const encoded = encode(value)
    data.push(encoded)
    size += encoded.length
  }
  const nodes: Tree[] = []
  const number = (tree: Tree): void => {
    nodes.push(tree)
    for (const branch of tree) if (Array.isArray(branch)) number(branch)
  }
  number(root)
  const tree = Buffer.alloc(nodes.length * 8)
  nodes.forEach((node, index) => {
    node.forEach((branch, side) => {
      const to = Array.isArray(branch) ? nodes.indexOf(branch) : nodes.length + (branch === null ? 0 : 16 + branch)
      tree.writeUInt32BE(to, index * 8 + side * 4)
    })
  })
  const metadata = encode({
    node_count: nodes.length,
    record_size: 32,
    ip_version: 4,
    database_type: 'Test-City',
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    description: { en: 'for tests' },
  })
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata])
}

function plant(root: Tree, network: string, offset: number): void {
  const [address = '', length = '32'] = network.split('/')
  const bits = address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')
    .slice(0, Number(length))
  let node = root
  for (const [index, bit] of [...bits].entries()) {
    const side = bit === '1' ? 1 : 0
    if (index === bits.length - 1) node[side] = offset
    else {
      const next = node[side]
      node = Array.isArray(next) ? next : (node[side] = [null, null])
    }
  }
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([control(6, 4), bytes])
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)])
  const pairs = Object.entries(value)
  return Buffer.concat([control(7, pairs.length), ...pairs.flatMap(([key, inner]) => [encode(key), encode(inner)])])
}

/** A field's type and size. Types above 7 stand in a byte of their own, and so does a size from 29 on. */
function control(type: number, size: number): Buffer {
  const short = Math.min(size, 29)
  const first = type > 7 ? [short, type - 7] : [(type << 5) | short]
  return Buffer.from(size < 29 ? first : [...first, size - 29])
}
