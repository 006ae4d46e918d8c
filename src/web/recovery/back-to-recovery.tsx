/** The way back to what the page of recovery shows at first. */
export function BackToRecovery() {
  return (
    <p class="back">
      <a href="/account/recovery">Back to Recovery</a>
    </p>
  )
}
