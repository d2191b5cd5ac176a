//! A second daemon inside a host, in a network of its own, which lives for one question.

use crate::lab::Host;

/// What became of a daemon with given settings.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) started: bool,
    /// Whether a container ran in it; `None` if none was asked for.
    pub(super) ran: Option<bool>,
    /// What was said last by whoever refused.
    pub(super) said: String,
}

/// Reads lines `run TAB settings`, and answers each with `verdict TAB ran TAB last words`. Its own
/// data, sockets and network keep the host's engine out of it; `--validate` spares starts that
/// fail for sure. A daemon that neither answers nor ends by itself has said nothing, and is asked
/// again.
const SCRIPT: &str = r#"
set -u
dir=/tmp/dk-scratch
export dir
ask() {
    rm -rf "$dir" 2>/dev/null; mkdir -p "$dir"
    own="\"data-root\": \"$dir/data\", \"exec-root\": \"$dir/exec\", \"pidfile\": \"$dir/pid\""
    own="$own, \"hosts\": [\"unix://$dir/api.sock\"], \"containerd-namespace\": \"dk-scratch\""
    printf '{%s%s}' "$own" "${settings:+, $settings}" >"$dir/daemon.json"
    if dockerd --help | grep -q -- --validate &&
        ! dockerd --validate --config-file "$dir/daemon.json" >"$dir/log" 2>&1; then
        printf 'refused\t-\t%s\n' "$(tail -n 1 "$dir/log")"
        return 0
    fi
    unshare --net --mount bash -c '
        ip link set lo up
        dockerd --config-file "$dir/daemon.json" >"$dir/log" 2>&1 &
        daemon=$!
        for _ in $(seq 600); do
            kill -0 "$daemon" 2>/dev/null || break
            curl -s --max-time 1 --unix-socket "$dir/api.sock" http://engine/_ping >/dev/null &&
                { touch "$dir/up"; break; }
            sleep 0.1
        done
        if [ "$run" = run ] && [ -e "$dir/up" ]; then
            inner="docker -H unix://$dir/api.sock"
            docker image save plimsoll-test/busybox:1 | $inner image load >/dev/null 2>&1
            $inner run --rm plimsoll-test/busybox:1 /bin/busybox true >"$dir/ran" 2>&1 &&
                touch "$dir/ran-well"
        fi
        kill "$daemon" 2>/dev/null
        wait "$daemon"
        echo $? >"$dir/status"
    ' >/dev/null 2>&1
    [ -e "$dir/up" ] || [ "$(cat "$dir/status")" = 1 ] || return 1
    verdict=refused ran=- words=$(tail -n 1 "$dir/log")
    if [ -e "$dir/up" ]; then
        verdict=started
        if [ "$run" = run ]; then
            ran=no words=$(tail -n 3 "$dir/ran" | tr '\n' ' ')
            [ -e "$dir/ran-well" ] && ran=yes
        fi
    fi
    printf '%s\t%s\t%s\n' "$verdict" "$ran" "$words"
}
while IFS="$(printf '\t')" read -r run settings; do
    export run settings
    ask || ask || ask || printf 'nothing\t-\t%s\n' "$(tail -n 1 "$dir/log")"
done
rm -rf "$dir" 2>/dev/null
exit 0
"#;

impl Scratch {
    /// Starts a daemon for each of these settings, one after the other. Each is the inside of a
    /// JSON object, with whether to run a container too.
    pub(super) fn each(host: &Host, questions: &[(String, bool)]) -> Vec<Self> {
        let input: String = questions
            .iter()
            .map(|(settings, run)| format!("{}\t{settings}\n", if *run { "run" } else { "-" }))
            .collect();
        let said = host.run_with_input(&["bash", "-c", SCRIPT], &input).ok();
        let answers: Vec<Self> = said
            .lines()
            .filter_map(|line| {
                let mut columns = line.splitn(3, '\t');
                let (verdict, ran) = (columns.next()?, columns.next()?);
                assert_ne!(verdict, "nothing", "neither started nor refused: {line}");
                Some(Self {
                    started: verdict == "started",
                    ran: (ran != "-").then_some(ran == "yes"),
                    said: columns.next().unwrap_or_default().to_owned(),
                })
            })
            .collect();
        assert_eq!(answers.len(), questions.len(), "{said}");
        answers
    }
}
