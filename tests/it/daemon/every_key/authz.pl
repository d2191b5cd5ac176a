# An authorization plugin that allows everything and writes down what it was asked.
use strict;
use warnings;
use IO::Socket::UNIX;

# The engine hangs up when it likes.
$SIG{PIPE} = 'IGNORE';
my $path = '/run/docker/plugins/lab-authz.sock';
mkdir '/run/docker/plugins';
unlink $path;
my $server = IO::Socket::UNIX->new(Local => $path, Listen => 16) or die "cannot listen: $!";
while (1) {
    my $client = $server->accept or next;
    my ($asked, $length) = ('', 0);
    while (my $line = <$client>) {
        $asked = $1 if $line =~ m{^POST /(\S+)};
        $length = $1 if $line =~ /^content-length: *(\d+)/i;
        last if $line =~ /^\r?\n$/;
    }
    read $client, my $body, $length if $length;
    if (open my $log, '>>', '/run/lab-authz.log') { print $log "$asked\n"; close $log; }
    my $answer = $asked eq 'Plugin.Activate' ? '{"Implements": ["authz"]}' : '{"Allow": true}';
    print $client "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($answer) . "\r\nConnection: close\r\n\r\n$answer";
    close $client;
}
