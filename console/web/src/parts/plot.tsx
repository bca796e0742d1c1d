// Bars over equal parts of a range, and perhaps a second row of numbers as a line. Loaded after the page: it brings uPlot.
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useWords } from '../i18n'
import type { Drawing } from './chart'

const height = 132
const leastBar = 3 // pixels: one among thousands is seen
const steps = [1, 2, 5].flatMap((n) => Array.from({ length: 13 }, (_, i) => n * 10 ** i)).sort((a, b) => a - b)

export function Plot({ of: d, hover }: { of: Drawing; hover: (part: number | undefined) => void }) {
  const { number } = useWords()
  const box = useRef<HTMLDivElement>(null)
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false })
  const now = useRef({ d, hover })
  now.current = { d, hover }
  const { from, to, bars, line } = d
  const drawn = JSON.stringify([from, to, bars, line])
  useEffect(() => {
    const el = box.current
    if (!el) return
    const parts = bars.length
    const width = (to - from) / parts
    const colour = (name: string) => getComputedStyle(el).getPropertyValue(name).trim()
    const font = `12px ${getComputedStyle(el).fontFamily}`
    const top = Math.max(1, ...bars.map((n) => n ?? 0), ...(line ?? []).map((n) => n ?? 0))
    const least = (leastBar / (height - 32)) * top
    const edges = Array.from({ length: parts + 1 }, (_, i) => from + i * width)
    const data: uPlot.AlignedData = [edges, [...bars.map((n) => (n ? Math.max(n, least) : n)), null], line ? [...line, line.at(-1) ?? null] : edges.map(() => null)]
    const partAt = (u: uPlot, left: number) => Math.min(parts - 1, Math.max(0, Math.floor((u.posToVal(left, 'x') - from) / width)))
    let dragged = false
    const plot = new uPlot({
      width: el.clientWidth, height, padding: [8, 28, 0, 0], legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: d.pick !== undefined, y: false, setScale: false } },
      scales: { x: { time: false, range: () => [from, to] }, y: { range: () => [0, top * 1.05] } },
      axes: [
        { stroke: colour('--soft'), font, size: 24, grid: { show: false }, ticks: { stroke: colour('--line'), width: 1, size: 4 }, splits: (u) => now.current.d.ticks(u.width), values: (_, at) => at.map((x) => now.current.d.tick(x)) },
        { stroke: colour('--soft'), font, size: (_, values) => 16 + 7 * Math.max(2, ...(values ?? []).map((v) => v.length)), incrs: steps, space: 24, grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, values: (_, at) => at.map((n) => now.current.d.amount?.(n) ?? number(n)) },
      ],
      series: [
        {},
        { fill: colour('--mantine-color-anchor'), width: 0, points: { show: false }, paths: uPlot.paths.bars?.({ size: [0.8, 64], align: 1 }) },
        { stroke: colour('--s2'), width: 2, points: { show: false }, paths: uPlot.paths.stepped?.({ align: 1 }) },
      ],
      hooks: {
        setCursor: [(u) => now.current.hover(u.cursor.left === undefined || u.cursor.left < 0 ? undefined : partAt(u, u.cursor.left))],
        setSelect: [(u) => {
          if (u.select.width < 2) return
          dragged = true
          const last = partAt(u, u.select.left + u.select.width - 1)
          const first = partAt(u, u.select.left)
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          now.current.d.pick?.(first, last + 1)
        }],
      },
    }, data, el)
    const click = () => {
      if (!dragged && plot.cursor.left !== undefined && plot.cursor.left >= 0) {
        const part = partAt(plot, plot.cursor.left)
        now.current.d.pick?.(part, part + 1)
      }
      dragged = false
    }
    plot.over.addEventListener('click', click)
    const watch = new ResizeObserver(() => plot.setSize({ width: el.clientWidth, height }))
    watch.observe(el)
    return () => { watch.disconnect(); plot.destroy() }
    // The drawing is made anew when its numbers change, not when the functions that read them do.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [drawn, scheme, number])
  return <div ref={box} className={d.pick ? 'canvas pickable' : 'canvas'} />
}
