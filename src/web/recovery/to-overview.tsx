/** Back to what the page of recovery shows at first. */
export function ToOverview({ label = 'Back to Recovery' }: { label?: string }) {
  return (
    <p class="back">
      <a href="/account/recovery">{label}</a>
    </p>
  )
}
