import type { ComponentChildren, Ref } from 'preact'
import { useId } from 'preact/hooks'

/** A part of a page, under its title. What changes the part so that a button is gone puts the focus on `titleRef`. */
export function Section(props: {
  title: string
  titleRef?: Ref<HTMLHeadingElement>
  class?: string
  children: ComponentChildren
}) {
  const id = useId()
  const { title, titleRef, children } = props
  return (
    <section aria-labelledby={id} class={props.class ?? 'part'}>
      <h2 id={id} tabIndex={-1} {...(titleRef && { ref: titleRef })}>
        {title}
      </h2>
      {children}
    </section>
  )
}
