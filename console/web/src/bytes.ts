// Rows of a hex and text view.
export interface Hit {
  from: number
  length: number
}

export interface Run {
  hex: string
  text: string
  hit: boolean
}

export interface Row {
  offset: number
  runs: Run[]
  pad: number // bytes missing to a full row
}

export function decode(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}

// rows cuts bytes into rows of width, each into runs of matched and other bytes. start is the offset of the first byte.
export function rows(bytes: Uint8Array, start: number, hits: Hit[], width = 16): Row[] {
  const out: Row[] = []
  for (let at = 0; at < bytes.length; at += width) {
    const part = bytes.subarray(at, at + width)
    const runs: Run[] = []
    part.forEach((b, i) => {
      const pos = start + at + i
      const hit = hits.some((h) => pos >= h.from && pos < h.from + h.length)
      let last = runs.at(-1)
      if (!last || last.hit !== hit) runs.push((last = { hex: '', text: '', hit }))
      last.hex += b.toString(16).padStart(2, '0') + (i === width / 2 - 1 ? '  ' : ' ')
      last.text += b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '·'
    })
    out.push({ offset: start + at, runs, pad: width - part.length })
  }
  return out
}
