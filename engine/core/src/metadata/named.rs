//! Closed lists of words: an enum whose variants have a name in files, rules and messages.

/// Declares an enum together with the names of its variants, which stand beside them.
macro_rules! named {
    ($(#[$meta:meta])* $vis:vis enum $Type:ident { $($(#[$variant_meta:meta])* $Variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        $vis enum $Type { $($(#[$variant_meta])* $Variant,)* }

        impl $Type {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$Variant,)*];

            /// The name as files spell it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Variant => $name,)* }
            }

            /// The variant of that name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.name() == name)
            }
        }

        impl std::fmt::Display for $Type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

pub(crate) use named;
